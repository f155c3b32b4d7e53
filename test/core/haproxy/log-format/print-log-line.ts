import { LOG_ALIASES } from "#core/haproxy/log-format/aliases.ts";
import { isField, type LogField, type LogFormat, type ValueKind } from "#core/haproxy/log-format/log-format.ts";

/** A number that HAProxy prints with a `+`. */
export interface Plus {
  readonly plus: number;
}

/**
 * What a field has before it is printed: a number, text (one character a byte), the captured headers, null for those
 * that were not seen; null where there is nothing.
 */
export type FieldInput = number | Plus | string | readonly (string | null)[] | null;

/** By the fields' names. */
export type LineInput = Readonly<Record<string, FieldInput>>;

/** The line that HAProxy would print of these values, one character a byte. */
export function printLogLine(format: LogFormat, input: LineInput): string {
  let line = "";
  // No separator at the beginning, and none after another one.
  let isAfterSeparator = true;
  for (const part of format.parts) {
    if (isField(part)) {
      const printed = printValue(part, input[part.name] ?? null);
      line += printed;
      isAfterSeparator &&= printed === "";
      continue;
    }
    for (const character of part.literal) {
      if (character === " " && isAfterSeparator) continue;
      line += character;
      isAfterSeparator = character === " ";
    }
  }
  return line;
}

/** One value as HAProxy prints it. */
function printValue(field: LogField, input: FieldInput): string {
  const { kind, quoted, whenEmpty } = field.value;
  if (kind === "json") return printJson(field, input);
  if (kind === "request" && input === null) return quote(BAD_REQUEST, quoted);
  if (input === null || input === "") return whenEmpty;
  if (typeof input === "number") return printNumber(field, input);
  if (typeof input === "string") return quote(escapeFor(field, encode(input, kind)), quoted);
  if (!isHeaders(input)) return `+${input.plus}`;
  const headers = input.map((header) => escapeFor(field, encode(header ?? "", "headers")));
  if (kind === "headers") return quote(`{${headers.join("|")}}`, quoted);
  return input
    .map((header, index) => (header === null && !quoted ? "-" : quote(headers[index] as string, quoted)))
    .join(" ");
}

const BAD_REQUEST = "<BADREQ>";

const isHeaders = (input: FieldInput): input is readonly (string | null)[] => Array.isArray(input);

const quote = (text: string, quoted: boolean): string => (quoted ? `"${text}"` : text);

function printNumber({ value: { kind } }: LogField, number: number): string {
  if (kind === "millisecond") return String(number).padStart(3, "0");
  return kind === "hex" ? number.toString(16).toUpperCase().padStart(4, "0") : String(number);
}

/** All but printable ASCII, double quotes and `#`; in headers braces and bars too. */
const URL_ENCODED = /[^ !$-~]/g;
const HEADER_ENCODED = /[^ !$-z~]/g;

const hash = (character: string): string => `#${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;

/** The bytes that HAProxy prints as `#XX`. */
export function encode(text: string, kind: ValueKind): string {
  if (kind === "request" || kind === "encoded") return text.replace(URL_ENCODED, hash);
  return kind === "headers" ? text.replace(HEADER_ENCODED, hash) : text;
}

function escapeFor({ value }: LogField, text: string): string {
  if (value.escape === "backslash") return text.replace(/["\\\]]/g, "\\$&");
  // As the converter json does; it escapes the slash as well.
  return value.escape === "json" ? text.replace(/["\\/]/g, "\\$&") : text;
}

/** `%{+json}`: numbers stay numbers; headers that were not captured are null. */
function printJson({ alias }: LogField, input: FieldInput): string {
  const kind = alias === undefined ? "text" : (LOG_ALIASES[alias]?.kind ?? "text");
  const string = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
  if (input === null) {
    if (kind === "headers" || kind === "header-list") return "null";
    return string(kind === "request" ? BAD_REQUEST : "");
  }
  if (typeof input === "number") return String(input);
  if (typeof input === "string") return string(encode(input, kind));
  if (!isHeaders(input)) return String(input.plus);
  const headers = input.map((header) => encode(header ?? "", "headers"));
  return kind === "header-list" ? `[${headers.map(string).join(", ")}]` : string(`{${headers.join("|")}}`);
}
