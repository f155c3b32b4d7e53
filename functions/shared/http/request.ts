import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from "aws-lambda";
import type { Right } from "#core/access/principal.ts";
import { PulseError } from "#core/errors.ts";
import { quote } from "#core/faults.ts";
import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";
import { BASE_PATH } from "#functions/routes.ts";
import { rightsIn } from "#functions/shared/auth/authorizer-context.ts";
import { inflate } from "#functions/shared/streams/inflate.ts";

/** What AWS calls a function with: API Gateway's proxy event, or a function URL's. */
export type HttpMessage = APIGatewayProxyEvent | APIGatewayProxyEventV2;

/** A request, whoever delivered it. */
export interface ApiRequest {
  readonly id: string;
  readonly method: string;
  readonly namespace: string;
  /** Under the base path, as sent: `/events/stream`. */
  readonly path: string;
  /** The route's template, where the deliverer names it: `/events/{id}`. */
  readonly route: string | undefined;
  /** Decoded segments of the path. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The same one by one; throws `invalid-input` where it is not UTF-8. */
  parameter(name: string): string;
  readonly query: URLSearchParams;
  /** What the caller may do, as far as API Gateway knows it. */
  readonly rights: readonly Right[];
  /** Scheme, host and path, for links. */
  readonly url: string;
  /** The base path as the caller has it, of the namespace and behind the stage of API Gateway: `/prod/team-a/api/v1`. */
  readonly base: string;
  header(name: string): string | undefined;
  /** The body as text; throws `invalid-input` if it is not UTF-8, `too-large` over 4 MiB. */
  text(): string;
  /** The body's bytes, inflated if they were sent as gzip; throws `too-large` over 4 MiB. */
  bytes(): Uint8Array;
}

export const MAX_BODY_BYTES = 4 * 1024 * 1024;

const isV2 = (message: HttpMessage): message is APIGatewayProxyEventV2 => "rawPath" in message;

export function toApiRequest(message: HttpMessage): ApiRequest {
  const headers = lowerCased(message.headers);
  const http = isV2(message) ? fromFunctionUrl(message) : fromRestApi(message);
  const body = message.body ?? "";
  const encoding = headers["content-encoding"]?.toLowerCase() ?? "identity";
  if (encoding !== "identity" && encoding !== "gzip")
    throw new PulseError("unsupported-media-type", `a body is taken as it is or as gzip, not as ${encoding}`);
  const bytes = () => {
    const sent = Buffer.from(body, message.isBase64Encoded ? "base64" : "utf8");
    return encoding === "gzip" && isGzip(sent) ? inflateBody(sent) : refuseLarge(sent);
  };
  const scheme = headers["x-forwarded-proto"] ?? "https";
  return {
    ...http,
    id: message.requestContext.requestId,
    url: `${scheme}://${headers.host ?? "localhost"}${http.fullPath}`,
    base: (http.fullPath.split(`${BASE_PATH}/`, 1)[0] as string) + BASE_PATH,
    header: (name) => headers[name],
    bytes,
    text: () => {
      // Text that API Gateway has decoded already needs no second look, unless it may be too large.
      if (!message.isBase64Encoded && body.length * 3 <= MAX_BODY_BYTES) return body;
      return decode(bytes());
    },
  };
}

/**
 * Whether the bytes are gzip, which the header alone does not tell: a REST API inflates a body before it hands it on,
 * refuses by itself one that is no gzip, and leaves the header; a function URL and the local server do not inflate.
 */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

function inflateBody(sent: Uint8Array): Uint8Array {
  try {
    return inflate(sent, MAX_BODY_BYTES);
  } catch (error) {
    if (!(error instanceof PulseError)) throw error;
    throw new PulseError(error.kind, `the body is ${error.message}`, { cause: error });
  }
}

/** The media type of the body, in lower case; empty where the request does not say it (RFC 9110, section 8.3). */
export const mediaTypeOf = (request: ApiRequest): string =>
  ((request.header("content-type") ?? "").split(";")[0] as string).trim().toLowerCase();

/**
 * The namespace is that of the resource which API Gateway matched, and allowed the caller: before
 * the path, a domain's mapping may have put a segment of its own. A path that is none of the API's
 * has none, though `/{namespace}` matches it.
 */
function fromRestApi(message: APIGatewayProxyEvent) {
  const { namespace: first, ...parameters } = message.pathParameters ?? {};
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(message.multiValueQueryStringParameters ?? {}))
    for (const value of values ?? []) query.append(name, value);
  return {
    method: message.httpMethod,
    namespace: (isOfApi(message) ? first : undefined) ?? DEFAULT_NAMESPACE,
    path: splitPath(message.path).path,
    route: splitPath(message.resource.replace("/{namespace}", "")).path,
    parameters: decodedParameters(parameters),
    parameter: (name: string) => decodedParameter(name, parameters[name] ?? ""),
    query,
    rights: rightsIn(message.requestContext),
    fullPath: message.requestContext.path ?? message.path,
  };
}

/** By its resource, or by its path where that is a catch-all. */
const isOfApi = ({ resource, path }: APIGatewayProxyEvent): boolean =>
  resource.includes(BASE_PATH) || isUnderBase(path);

function fromFunctionUrl(message: APIGatewayProxyEventV2) {
  const { namespace, path } = splitPath(message.rawPath);
  return {
    method: message.requestContext.http.method,
    namespace,
    path,
    route: undefined,
    parameters: {},
    parameter: () => "",
    query: new URLSearchParams(message.rawQueryString),
    rights: [], // whoever is called by a URL asks for them itself
    fullPath: message.rawPath,
  };
}

const PATH = new RegExp(`^(?:/([^/]+))?${BASE_PATH}(?=/|$)`);
export const isUnderBase = (path: string): boolean => PATH.test(path);

/** `/team-a/api/v1/events/` → `team-a` and `/events`. */
export function splitPath(path: string): { readonly namespace: string; readonly path: string } {
  const match = PATH.exec(path);
  const rest = match === null ? path : path.slice(match[0].length);
  return { namespace: match?.[1] ?? DEFAULT_NAMESPACE, path: withoutSlashesAtEnd(rest) || "/" };
}

/** A regular expression would look at a run of slashes again from each of them: a second for 14,000. */
function withoutSlashesAtEnd(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end--;
  return path.slice(0, end);
}

function decodedParameters(parameters: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const decoded: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters)) decoded[name] = percentDecoded(value ?? "");
  return decoded;
}

function decodedParameter(name: string, sent: string): string {
  try {
    return decodeURIComponent(sent);
  } catch (cause) {
    const detail = `must be UTF-8, percent-encoded, and is ${quote(sent)}`;
    throw new PulseError("invalid-input", `${name} in the path ${detail}`, {
      faults: [{ pointer: name, detail }],
      cause,
    });
  }
}

/** Percent-decoded, or, where it is not percent-encoded, as it is. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function lowerCased(headers: Readonly<Record<string, string | undefined>> | null): Record<string, string | undefined> {
  const lower: Record<string, string | undefined> = Object.create(null);
  for (const name in headers) lower[name.toLowerCase()] = headers[name];
  return lower;
}

function refuseLarge(body: Buffer): Buffer {
  if (body.length <= MAX_BODY_BYTES) return body;
  throw new PulseError("too-large", `the body has ${body.length} bytes, at most ${MAX_BODY_BYTES} are taken`);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new PulseError("invalid-input", "the body is not valid UTF-8", {
      faults: [{ pointer: "", detail: "is not valid UTF-8" }],
      cause,
    });
  }
}
