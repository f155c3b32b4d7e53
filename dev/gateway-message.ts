import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { APIGatewayProxyEvent } from "aws-lambda";
import { BASE_PATH } from "#functions/routes.ts";
import type { RouteMatch } from "#functions/shared/http/match-route.ts";

/** The parts of a request's target. */
export interface Target {
  readonly path: string;
  readonly query: URLSearchParams;
}

export function targetOf(request: IncomingMessage): Target {
  // A proxy may send the whole URL (RFC 9112, section 3.2.2).
  const url = (request.url ?? "/").replace(/^https?:\/\/[^/?]*/i, "");
  const mark = url.indexOf("?");
  return mark < 0
    ? { path: url, query: NO_QUERY }
    : { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}

const NO_QUERY = new URLSearchParams();

/** The proxy event that a Regional REST API would send for this request. Without a match it is the catch-all's. */
export function toGatewayMessage(
  request: IncomingMessage,
  { path, query }: Target,
  body: Buffer,
  namespace: string | undefined,
  match: RouteMatch | undefined,
): APIGatewayProxyEvent {
  const multiValueQuery: Record<string, string[]> = {};
  for (const name of query.keys()) multiValueQuery[name] ??= query.getAll(name);
  const text = isUtf8(body);
  const prefix = namespace === undefined ? BASE_PATH : `/{namespace}${BASE_PATH}`;
  const requestId = randomUUID();
  return {
    resource: match === undefined ? "/{proxy+}" : `${prefix}${match.route.path}`,
    path,
    httpMethod: request.method ?? "GET",
    headers: {
      ...(request.headers as Record<string, string>),
      "x-forwarded-proto": "http",
    },
    get multiValueHeaders() {
      return request.headersDistinct as Record<string, string[]>;
    },
    queryStringParameters: query.size === 0 ? null : Object.fromEntries(query),
    multiValueQueryStringParameters: query.size === 0 ? null : multiValueQuery,
    pathParameters: { ...match?.parameters, ...(namespace === undefined ? {} : { namespace }) },
    stageVariables: null,
    body: body.length === 0 ? null : body.toString(text ? "utf8" : "base64"),
    isBase64Encoded: !text,
    requestContext: { requestId, path, httpMethod: request.method } as APIGatewayProxyEvent["requestContext"],
  };
}
