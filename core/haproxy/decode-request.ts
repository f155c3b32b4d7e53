import type { DecodedRequest } from "#core/haproxy/record.ts";
import { type Text, unescapeHash } from "#core/haproxy/text.ts";

/** What HAProxy prints for a request it could not read. */
const BAD_REQUEST = "<BADREQ>";
const VERSION = / (HTTP\/1\.[01])$/;

/** The parts of a printed request and of the captured headers; undefined when none was printed. */
export function decodeRequest(
  request: string | undefined,
  requestHeaders: readonly string[] | undefined,
  responseHeaders: readonly string[] | undefined,
): DecodedRequest | undefined {
  const headers = {
    ...(requestHeaders && { request_headers: requestHeaders.map(decodeHeader) }),
    ...(responseHeaders && { response_headers: responseHeaders.map(decodeHeader) }),
  };
  if (request !== undefined && request !== BAD_REQUEST) return { ...decodeRequestLine(request), ...headers };
  return requestHeaders || responseHeaders ? headers : undefined;
}

const decodeHeader = (printed: string): Text | null => (printed === "" ? null : unescapeHash(printed));

function decodeRequestLine(request: string): DecodedRequest {
  const version = VERSION.exec(request);
  const target = version === null ? request : request.slice(0, version.index);
  const space = target.indexOf(" ");
  const method = unescapeHash(space < 0 ? target : target.slice(0, space));
  const uri = space < 0 ? "" : unescapeHash(target.slice(space + 1));
  if (version === null) return { method, uri, version: null, cut: true };
  return { method, uri, version: version[1] as string };
}
