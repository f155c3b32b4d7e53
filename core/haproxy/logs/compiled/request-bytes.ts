import {
  bytesOf,
  copyBytes,
  decodeBase64,
  decodeText,
  GIVEN_UP,
  NOT_TEXT,
  type WrittenTexts,
} from "#core/haproxy/logs/compiled/json-bytes.ts";

const SPACE = 0x20;
const QUOTE = 0x22;
const HASH = 0x23;
const DOT = 0x2e;
const ZERO = 0x30;
const ONE = 0x31;

const METHOD = { text: bytesOf(',"method":"'), base64: bytesOf(',"method_b64":"') };
const URI = { text: bytesOf('","uri":"'), base64: bytesOf('","uri_b64":"') };
const VERSION = bytesOf('","version":"');
const BAD_REQUEST = bytesOf("<BADREQ>");
const HTTP = bytesOf(" HTTP/");

/**
 * Method, URI and version of the request that stands from `from` to `to`, as `decodeRequest` and what puts it into a value
 * find them: nothing of one that HAProxy could not read, no version of one that was cut.
 */
export function copyRequest(
  bytes: Uint8Array,
  from: number,
  to: number,
  start: number,
  isPlain: boolean,
  texts: WrittenTexts,
): number {
  if (to - from === BAD_REQUEST.length && isAt(BAD_REQUEST, bytes, from)) return start;
  const space = firstOf(SPACE, bytes, from, to);
  let end = beforeVersion1(bytes, from, to);
  if (end < 0) {
    // A later version is looked for in what is decoded.
    if (!isPlain && firstOf(HASH, bytes, from, to) < to) return GIVEN_UP;
    end = beforeLaterVersion(bytes, space + 1, to);
  }
  const hasVersion = end >= 0;
  if (!hasVersion) end = to;
  let at = copyPart(METHOD, bytes, from, Math.min(space, end), start, isPlain, texts);
  at = copyPart(URI, bytes, Math.min(space + 1, end), end, at, isPlain, texts);
  if (hasVersion) {
    at = copyBytes(VERSION, bytes, at);
    for (let index = end + 1; index < to; index++) bytes[at++] = bytes[index] as number;
  }
  bytes[at++] = QUOTE;
  return at;
}

function copyPart(
  key: typeof METHOD,
  bytes: Uint8Array,
  from: number,
  to: number,
  start: number,
  isPlain: boolean,
  texts: WrittenTexts,
): number {
  const at = decodeText(bytes, from, to, copyBytes(key.text, bytes, start), isPlain, texts);
  return at === NOT_TEXT ? decodeBase64(bytes, from, to, copyBytes(key.base64, bytes, start)) : at;
}

function isAt(text: Uint8Array, bytes: Uint8Array, from: number): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[from + index] !== text[index]) return false;
  return true;
}

function firstOf(sign: number, bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== sign) at++;
  return at;
}

/** Where ` HTTP/1.0` or ` HTTP/1.1` begins, at the end; -1 when it is not there. */
function beforeVersion1(bytes: Uint8Array, from: number, to: number): number {
  const minor = bytes[to - 1];
  const at = to - 9;
  const isThere =
    (minor === ZERO || minor === ONE) &&
    at >= from &&
    bytes[to - 2] === DOT &&
    bytes[to - 3] === ONE &&
    isAt(HTTP, bytes, at);
  return isThere ? at : -1;
}

/** The same of ` HTTP/2`, ` HTTP/3.0`. */
function beforeLaterVersion(bytes: Uint8Array, from: number, to: number): number {
  if (!isDigit(bytes[to - 1] as number)) return -1;
  if (to - 7 >= from && isAt(HTTP, bytes, to - 7)) return to - 7;
  const isThere =
    to - 9 >= from && bytes[to - 2] === DOT && isDigit(bytes[to - 3] as number) && isAt(HTTP, bytes, to - 9);
  return isThere ? to - 9 : -1;
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= ZERO + 9;
