import type { DecodedRequest } from "#core/haproxy/parser/record.ts";
import { type Text, unescapeHash } from "#core/haproxy/parser/text.ts";

/** What HAProxy prints for a request it could not read. */
const BAD_REQUEST = "<BADREQ>";
const VERSION = / (HTTP\/1\.[01])$/;

/** Captured headers as printed; undefined when none were. */
export type CapturedHeaders = readonly string[] | undefined;

/** A request that a format prints in parts. */
export interface RequestParts {
  readonly method?: Text | undefined;
  readonly uri?: Text | undefined;
  readonly version?: Text | undefined;
}

/** The parts of a printed request and of the captured headers; undefined when none was printed. */
export function decodeRequest(
  request: string | RequestParts,
  captured: { readonly request: CapturedHeaders; readonly response: CapturedHeaders },
): DecodedRequest | undefined {
  const decoded = {
    ...(typeof request === "string" ? decodeRequestLine(request) : decodeParts(request)),
    ...(captured.request && { request_headers: captured.request.map(decodeHeader) }),
    ...(captured.response && { response_headers: captured.response.map(decodeHeader) }),
  };
  return Object.keys(decoded).length === 0 ? undefined : decoded;
}

const decodeHeader = (printed: string): Text | null => (printed === "" ? null : unescapeHash(printed));

function decodeRequestLine(request: string): DecodedRequest {
  if (request === BAD_REQUEST) return {};
  const version = VERSION.exec(request);
  const target = version === null ? request : request.slice(0, version.index);
  const space = target.indexOf(" ");
  const method = unescapeHash(space < 0 ? target : target.slice(0, space));
  const uri = space < 0 ? "" : unescapeHash(target.slice(space + 1));
  if (version === null) return { method, uri, version: null, cut: true };
  return { method, uri, version: version[1] as string };
}

const decodeParts = ({ method, uri, version }: RequestParts): DecodedRequest => ({
  ...(method !== undefined && { method }),
  ...(uri !== undefined && { uri }),
  ...(typeof version === "string" && { version }),
});
