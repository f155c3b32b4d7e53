/*
 * A log line is bytes. Inside this folder it is a Latin-1 string, one character a byte: slicing it copies nothing and
 * its offsets are byte offsets. What leaves the folder is text, or Base64 where the bytes are not UTF-8.
 */

/** Bytes as a reader gets them: text, or Base64 when they are not UTF-8. */
export type Text = string | { readonly b64: string };

const NOT_ASCII = /[\x80-\xff]/;
const REPLACEMENT = "\ufffd";

/** The bytes of a line, one character each. */
export function latin1Of(line: Uint8Array | string): string {
  if (typeof line !== "string") return Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString("latin1");
  return Buffer.from(line, "utf8").toString("latin1");
}

/** A line, without the LF at its end. */
export interface DecodedLine {
  /** One character a byte. */
  readonly text: string;
  /** The same. */
  readonly bytes: Uint8Array;
  readonly isAscii: boolean;
}

const LINE_FEED = 0x0a;

/**
 * The first `end` bytes as text, if all of them are ASCII. UTF-8 decodes as fast as Latin-1, and tells it by the length:
 * all else is shorter, or replaced.
 */
export function asciiOf(bytes: Buffer, end: number): string | undefined {
  const text = bytes.toString("utf8", 0, end);
  return text.length === end && !text.includes(REPLACEMENT) ? text : undefined;
}

export function decodeLine(line: Uint8Array | string): DecodedLine {
  const bytes = bytesOfLine(line);
  const end = bytes[bytes.length - 1] === LINE_FEED ? bytes.length - 1 : bytes.length;
  const text = asciiOf(bytes, end);
  if (text !== undefined) return { text, bytes, isAscii: true };
  return { text: bytes.toString("latin1", 0, end), bytes, isAscii: false };
}

function bytesOfLine(line: Uint8Array | string): Buffer {
  if (typeof line === "string") return Buffer.from(line, "utf8");
  return Buffer.isBuffer(line) ? line : Buffer.from(line.buffer, line.byteOffset, line.byteLength);
}

const SHORT = 32;

/** Most values are so short that an expression takes longer to begin than to look. */
function isAscii(latin1: string): boolean {
  if (latin1.length > SHORT) return !NOT_ASCII.test(latin1);
  for (let at = 0; at < latin1.length; at++) if (latin1.charCodeAt(at) > 0x7f) return false;
  return true;
}

/** The text that Latin-1 characters stand for as UTF-8 bytes. */
export function textOf(latin1: string): Text {
  if (isAscii(latin1)) return latin1;
  const bytes = Buffer.from(latin1, "latin1");
  const text = bytes.toString("utf8");
  if (text.includes(REPLACEMENT) && !Buffer.from(text, "utf8").equals(bytes)) return { b64: bytes.toString("base64") };
  return text;
}

/** Bytes as a reader gets them. */
export const textOfBytes = (bytes: Uint8Array): Text => textOf(latin1Of(bytes));

/** Undoes HAProxy's `#XX`, in which `%hr`, `%hs` and `%r` print what is not plain ASCII, quotes, and `#` itself. */
export function unescapeHash(printed: string): Text {
  let undone = "";
  let from = 0;
  for (let at = printed.indexOf("#"); at >= 0; at = printed.indexOf("#", at)) {
    const byte = 16 * hexDigit(printed.charCodeAt(at + 1)) + hexDigit(printed.charCodeAt(at + 2));
    if (byte >= 0) {
      undone += printed.slice(from, at) + String.fromCharCode(byte);
      from = at + 3;
    }
    at += byte >= 0 ? 3 : 1;
  }
  return textOf(from === 0 ? printed : undone + printed.slice(from));
}

/** Of `0`–`9` and `A`–`F`; of anything else so much less than 0 that no other digit makes up for it. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x41 && code <= 0x46 ? code - 0x37 : -1000;
}

const BACKSLASHED = /\\(.)/gs;

/** Undoes a backslash before any character. */
export const unescapeBackslash = (printed: string): string =>
  printed.includes("\\") ? printed.replace(BACKSLASHED, "$1") : printed;

const JSON_ESCAPED = /((?:\\u[\da-fA-F]{4})+)|\\(.)/gs;
const JSON_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Undoes the escapes of a JSON string, whose characters beyond ASCII become UTF-8. What is no escape stays. */
export function unescapeJson(printed: string): string {
  if (!printed.includes("\\")) return printed;
  return printed.replace(JSON_ESCAPED, (whole, units: string | undefined, character: string | undefined) =>
    units === undefined ? (JSON_ESCAPES[character as string] ?? whole) : latin1Of(ofUnits(units)),
  );
}

/** `\\ud83d\\ude00`, UTF-16 code units as a JSON string escapes them. */
const ofUnits = (units: string): string =>
  String.fromCharCode(...(units.match(/[^\\u]{4}/g) ?? []).map((unit) => Number.parseInt(unit, 16)));
