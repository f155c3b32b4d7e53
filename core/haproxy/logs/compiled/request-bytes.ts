import { Fragment, type Page } from "#core/byte-page.ts";
import { decodeBase64, decodeText, GIVEN_UP, NOT_TEXT } from "#core/haproxy/logs/compiled/json-bytes.ts";

const SPACE = 0x20;
const QUOTE = 0x22;
const HASH = 0x23;
const DOT = 0x2e;
const ZERO = 0x30;
const ONE = 0x31;

const METHOD = { text: new Fragment(',"method":"'), base64: new Fragment(',"method_b64":"') };
const URI = { text: new Fragment('","uri":"'), base64: new Fragment('","uri_b64":"') };
const VERSION = new Fragment('","version":"');
const BAD_REQUEST = new Fragment("<BADREQ>");
const HTTP = new Fragment(" HTTP/");

/**
 * Method, URI and version of the request that stands from `from` to `to`, as `decodeRequest` and what puts it into a
 * value find them: nothing of one that HAProxy could not read, no version of one that was cut.
 */
export function copyRequest(page: Page, from: number, to: number, start: number, isPlain: boolean): number {
  if (to - from === BAD_REQUEST.length && BAD_REQUEST.standsAt(page, from)) return start;
  const { bytes } = page;
  const space = firstOf(SPACE, bytes, from, to);
  let end = beforeVersion1(page, from, to);
  if (end < 0) {
    // A later version is looked for in what is decoded.
    if (!isPlain && firstOf(HASH, bytes, from, to) < to) return GIVEN_UP;
    end = beforeLaterVersion(page, space + 1, to);
  }
  const hasVersion = end >= 0;
  if (!hasVersion) end = to;
  let at = copyPart(METHOD, page, from, Math.min(space, end), start, isPlain);
  at = copyPart(URI, page, Math.min(space + 1, end), end, at, isPlain);
  if (hasVersion) {
    at = page.copy(end + 1, to, VERSION.writeTo(page, at));
  }
  bytes[at++] = QUOTE;
  return at;
}

function copyPart(key: typeof METHOD, page: Page, from: number, to: number, start: number, isPlain: boolean): number {
  const at = decodeText(page, from, to, key.text.writeTo(page, start), isPlain);
  return at === NOT_TEXT ? decodeBase64(page, from, to, key.base64.writeTo(page, start)) : at;
}

function firstOf(sign: number, bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== sign) at++;
  return at;
}

/** Where ` HTTP/1.0` or ` HTTP/1.1` begins, at the end; -1 when it is not there. */
function beforeVersion1(page: Page, from: number, to: number): number {
  const { bytes } = page;
  const minor = bytes[to - 1];
  const at = to - 9;
  const isThere =
    (minor === ZERO || minor === ONE) &&
    at >= from &&
    bytes[to - 2] === DOT &&
    bytes[to - 3] === ONE &&
    HTTP.standsAt(page, at);
  return isThere ? at : -1;
}

/** The same of ` HTTP/2`, ` HTTP/3.0`. */
function beforeLaterVersion(page: Page, from: number, to: number): number {
  const { bytes } = page;
  if (!isDigit(bytes[to - 1] as number)) return -1;
  if (to - 7 >= from && HTTP.standsAt(page, to - 7)) return to - 7;
  const isThere =
    to - 9 >= from && bytes[to - 2] === DOT && isDigit(bytes[to - 3] as number) && HTTP.standsAt(page, to - 9);
  return isThere ? to - 9 : -1;
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= ZERO + 9;
