import { Fragment, type Page } from "#core/byte-page.ts";
import { unescapeHash } from "#core/haproxy/parser/text.ts";

/*
 * A line's bytes and what is written of them lie in one page. The line is ASCII; what is copied as it stands has none
 * of the signs that JSON escapes. Each function answers where what it wrote has ended.
 */

/** The line is to be read by others: what was met is not to be written by these functions. */
export const GIVEN_UP = -1;

const QUOTE = 0x22;
const HASH = 0x23;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const BAR = 0x7c;
const FIRST_PRINTED = 0x20;
const FIRST_BEYOND_ASCII = 0x80;

const NULL = new Fragment("null");
const BEGIN_BASE64 = new Fragment('{"b64":"');
const END_BASE64 = new Fragment('"}');

/** What a line's `#XX` stand for is no UTF-8: it is to be written as Base64. */
export const NOT_TEXT = -2;

/** Each control character as JSON escapes it. */
const ESCAPED_CONTROLS = Array.from(
  { length: FIRST_PRINTED },
  (_, code) => new Fragment(JSON.stringify(String.fromCharCode(code)).slice(1, -1)),
);

/** The text that stands from `from` to `to`, whatever is in it. */
export function copyEscaped(page: Page, from: number, to: number, start: number): number {
  const { bytes } = page;
  let at = start;
  for (let index = from; index < to; index++) at = putEscaped(bytes[index] as number, page, at);
  return at;
}

function putEscaped(byte: number, page: Page, start: number): number {
  if (byte < FIRST_PRINTED) return (ESCAPED_CONTROLS[byte] as Fragment).writeTo(page, start);
  const { bytes } = page;
  let at = start;
  if (byte === QUOTE || byte === BACKSLASH) bytes[at++] = BACKSLASH;
  bytes[at++] = byte;
  return at;
}

/** The same with `#XX` undone. `isPlain`: there is neither such nor any sign that JSON escapes. May be `NOT_TEXT`. */
export function decodeText(page: Page, from: number, to: number, start: number, isPlain: boolean): number {
  if (isPlain) return page.copy(from, to, start);
  const { bytes } = page;
  let at = start;
  for (let index = from; index < to; index++) {
    let byte = bytes[index] as number;
    if (byte === HASH && index + 2 < to) {
      const high = digitOf(bytes[index + 1] as number);
      const low = digitOf(bytes[index + 2] as number);
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        if (byte >= FIRST_BEYOND_ASCII) return decodeBeyondAscii(page, from, to, start);
        index += 2;
      }
    }
    at = putEscaped(byte, page, at);
  }
  return at;
}

function decodeBeyondAscii({ bytes }: Page, from: number, to: number, start: number): number {
  const decoded = unescapeHash(bytes.toString("latin1", from, to));
  if (typeof decoded !== "string") return NOT_TEXT;
  return start + bytes.write(JSON.stringify(decoded).slice(1, -1), start, "utf8");
}

/** What is `NOT_TEXT`. */
export function decodeBase64({ bytes }: Page, from: number, to: number, start: number): number {
  const { b64 } = unescapeHash(bytes.toString("latin1", from, to)) as { readonly b64: string };
  return start + bytes.write(b64, start, "latin1");
}

/** Of a hexadecimal digit as HAProxy prints it, in capitals; -1 for any other byte. */
function digitOf(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  return byte >= 65 && byte <= 70 ? byte - 55 : -1;
}

/** Headers as printed, `a||b`, as they were sent: `["a",null,"b"]`. */
export function decodeHeaders(page: Page, from: number, to: number, start: number, isPlain: boolean): number {
  const { bytes } = page;
  let at = start;
  bytes[at++] = OPEN_BRACKET;
  for (let index = from; ; ) {
    let end = index;
    while (end < to && bytes[end] !== BAR) end++;
    at = end === index ? NULL.writeTo(page, at) : decodeHeader(page, index, end, at, isPlain);
    if (end === to) break;
    bytes[at++] = COMMA;
    index = end + 1;
  }
  bytes[at++] = CLOSE_BRACKET;
  return at;
}

function decodeHeader(page: Page, from: number, to: number, start: number, isPlain: boolean): number {
  const { bytes } = page;
  bytes[start] = QUOTE;
  let at = decodeText(page, from, to, start + 1, isPlain);
  if (at === NOT_TEXT) {
    at = decodeBase64(page, from, to, BEGIN_BASE64.writeTo(page, start));
    return END_BASE64.writeTo(page, at);
  }
  bytes[at++] = QUOTE;
  return at;
}

/** Bytes at which copying stops to look: those that end a value, and those that JSON escapes. */
export const STOPS_TEXT = stopsAt(' "');
export const STOPS_HEADERS = stopsAt('"#{|}');
export const STOPS_REQUEST = stopsAt('"#');

function stopsAt(signs: string): Uint8Array {
  const stops = new Uint8Array(256).fill(1, 0, FIRST_PRINTED);
  for (const sign of `${signs}\\`) stops[sign.charCodeAt(0)] = 1;
  return stops;
}
