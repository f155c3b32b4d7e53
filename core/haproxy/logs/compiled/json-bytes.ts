/*
 * A line's bytes and what is written of them lie in one array, `bytes`, within which copying costs least. All is ASCII; what is
 * copied as it stands has none of the signs that JSON escapes. Each function answers where what it wrote has ended.
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

export const bytesOf = (text: string): Uint8Array => Buffer.from(text, "latin1");

const NULL = bytesOf("null");

export function copyBytes(from: Uint8Array, bytes: Uint8Array, at: number): number {
  bytes.set(from, at);
  return at + from.length;
}

/** The text that stands from `from` to `to`, with `#XX` undone unless `isPlain` says that there is none. */
export function decodeText(bytes: Uint8Array, from: number, to: number, start: number, isPlain: boolean): number {
  if (isPlain) {
    bytes.copyWithin(start, from, to);
    return start + to - from;
  }
  let at = start;
  for (let index = from; index < to; index++) {
    let byte = bytes[index] as number;
    if (byte === HASH && index + 2 < to) {
      const high = digitOf(bytes[index + 1] as number);
      const low = digitOf(bytes[index + 2] as number);
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        if (byte < FIRST_PRINTED || byte >= FIRST_BEYOND_ASCII) return GIVEN_UP;
        index += 2;
      }
    }
    if (byte === QUOTE || byte === BACKSLASH) bytes[at++] = BACKSLASH;
    bytes[at++] = byte;
  }
  return at;
}

/** Of a hexadecimal digit as HAProxy prints it, in capitals; -1 for any other byte. */
function digitOf(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  return byte >= 65 && byte <= 70 ? byte - 55 : -1;
}

/** Headers as printed, `a||b`, as they were sent: `["a",null,"b"]`. */
export function decodeHeaders(bytes: Uint8Array, from: number, to: number, start: number, isPlain: boolean): number {
  let at = start;
  bytes[at++] = OPEN_BRACKET;
  for (let index = from; ; ) {
    let end = index;
    while (end < to && bytes[end] !== BAR) end++;
    if (end === index) at = copyBytes(NULL, bytes, at);
    else {
      bytes[at++] = QUOTE;
      at = decodeText(bytes, index, end, at, isPlain);
      if (at < 0) return GIVEN_UP;
      bytes[at++] = QUOTE;
    }
    if (end === to) break;
    bytes[at++] = COMMA;
    index = end + 1;
  }
  bytes[at++] = CLOSE_BRACKET;
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
