import { randomUUID } from "node:crypto";
import type { APIGatewayProxyEvent, Context } from "aws-lambda";
import type { HttpHandlers } from "#dev/local-server.ts";
import { serveHttp } from "#dev/local-server.ts";
import { openApiDescription } from "#functions/describe-api/openapi.ts";
import { resourcePathOf, routes } from "#functions/routes.ts";

export interface Call {
  readonly method?: string;
  /** With its query string, under the host: `/api/v1/events?tag=a`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** What an authorizer found that the caller may do, if there is one: the local server has none. */
  readonly rights?: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it
  readonly json: any;
}

// biome-ignore lint/suspicious/noExplicitAny: a document of any shape is looked into
const { paths } = openApiDescription() as any;

/** No test sees an answer that callers are not told of: each status of a route is in the API's description. */
function requireDescribed({ method = "GET", path }: Call, reply: Reply): Reply {
  const { resource } = resourceOf(path.split("?")[0] as string);
  const operation = paths[underBase(resource)]?.[method.toLowerCase()];
  if (operation !== undefined && operation.responses[reply.status] === undefined)
    throw new Error(`${method} ${path} answered ${reply.status}, which the description does not say: ${reply.text}`);
  return reply;
}

/** A way to the functions. */
export interface Transport {
  readonly name: string;
  /** What stands before every path on its way: the stage of API Gateway. */
  readonly prefix: string;
  open(handlers: HttpHandlers): Promise<{ call(call: Call): Promise<Reply>; close(): Promise<void> }>;
}

const STAGE = "/prod";

/** As API Gateway invokes them: the event is written here by hand, from AWS's documentation, not by `dev/`. */
export const invoked: Transport = {
  name: "invoked as Lambda",
  prefix: STAGE,
  open: async (handlers) => ({
    call: async (call) => {
      const message = toProxyEvent(call);
      const fn = functionOf(message);
      const answer = await handlers[fn](message, {} as Context);
      const reply = toReply(answer.statusCode, answer.headers as Record<string, string>, answer.body);
      return requireDescribed(call, reply);
    },
    close: async () => {},
  }),
};

/** As the local server serves them. */
const served: Transport = {
  name: "served over HTTP",
  prefix: "",
  open: async (handlers) => {
    const server = await serveHttp(handlers, 0);
    return {
      call: async (call) => {
        const { method = "GET", path, headers = {}, body } = call;
        return requireDescribed(call, await request(server.url, method, path, headers, body));
      },
      close: server.close,
    };
  },
};

export const transports: readonly Transport[] = [invoked, served];

/** node:http, because fetch sends no body with a GET. */
async function request(
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer | undefined,
): Promise<Reply> {
  const { request: open } = await import("node:http");
  return new Promise((resolve, reject) => {
    // As it is: a URL would lose `..`, and more.
    const sent = path.replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent);
    const outgoing = open(url, { method, headers, path: sent }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () =>
        resolve(
          toReply(
            incoming.statusCode ?? 0,
            incoming.headers as Record<string, string>,
            Buffer.concat(chunks).toString(),
          ),
        ),
      );
    });
    outgoing.on("error", reject);
    if (body !== undefined) outgoing.setHeader("content-length", Buffer.byteLength(body));
    outgoing.end(body);
  });
}

function toReply(status: number, headers: Readonly<Record<string, string>>, text: string): Reply {
  return {
    status,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    text,
    get json() {
      return JSON.parse(text);
    },
  };
}

function toProxyEvent({ method = "GET", path: target, headers = {}, body, rights }: Call): APIGatewayProxyEvent {
  const [path = "", search] = target.split("?");
  const query = new URLSearchParams(search);
  const multiValueQueryStringParameters: Record<string, string[]> = {};
  for (const name of query.keys()) multiValueQueryStringParameters[name] = query.getAll(name);
  const matched = resourceOf(path);
  const isText = body === undefined || typeof body === "string";
  const requestId = randomUUID();
  return {
    resource: matched.resource,
    path,
    httpMethod: method,
    headers: { Host: "api.example.com", "X-Forwarded-Proto": "https", ...headers },
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: search === undefined ? null : Object.fromEntries(query),
    multiValueQueryStringParameters: search === undefined ? null : multiValueQueryStringParameters,
    pathParameters: matched.parameters,
    stageVariables: null,
    body: body === undefined ? null : isText ? (body as string) : (body as Buffer).toString("base64"),
    isBase64Encoded: !isText,
    requestContext: {
      requestId,
      path: STAGE + path,
      stage: "prod",
      ...(rights !== undefined && {
        authorizer: { principalId: "key:0123456789abcdef", rights, integrationLatency: 0 },
      }),
    } as unknown as APIGatewayProxyEvent["requestContext"],
  };
}

/**
 * What API Gateway would match, whatever the method: literal segments first, at last the catch-alls that stand below
 * `api` and `{namespace}`. A trailing slash does not count.
 */
function resourceOf(path: string) {
  const wanted = path.replace(/\/$/, "").split("/");
  const resources = routes
    .flatMap((route) => [`/api/v1${resourcePathOf(route)}`, `/{namespace}/api/v1${resourcePathOf(route)}`])
    .sort((one, other) => one.split("{").length - other.split("{").length);
  for (const resource of resources) {
    const segments = resource.split("/");
    const isGreedy = segments.at(-1) === "{proxy+}";
    if (isGreedy ? wanted.length < segments.length : segments.length !== wanted.length) continue;
    if (!segments.every((segment, index) => segment.startsWith("{") || segment === wanted[index])) continue;
    if (isGreedy) {
      const namespace = segments[1] === "{namespace}" ? { namespace: wanted[1] ?? "" } : {};
      return { resource, parameters: { ...namespace, proxy: wanted.slice(segments.length - 1).join("/") } };
    }
    const parameters = Object.fromEntries(
      segments.flatMap((segment, index) =>
        segment.startsWith("{") ? [[segment.slice(1, -1), wanted[index] ?? ""]] : [],
      ),
    );
    return { resource, parameters };
  }
  const [, first = "", ...others] = wanted;
  const proxy = others.join("/");
  if (first === "api" && proxy !== "") return { resource: "/api/{proxy+}", parameters: { proxy } };
  if (first === "" || first === "api") return { resource: `/${first}`, parameters: {} };
  if (proxy === "") return { resource: "/{namespace}", parameters: { namespace: first } };
  return { resource: "/{namespace}/{proxy+}", parameters: { namespace: first, proxy } };
}

const underBase = (resource: string): string => resource.replace(/^(\/\{namespace\})?\/api\/v1/, "");

function functionOf(message: APIGatewayProxyEvent): Exclude<keyof HttpHandlers, "stream-events"> {
  const under = underBase(message.resource);
  const route = routes.find((one) => one.method === message.httpMethod && resourcePathOf(one) === under);
  if (route === undefined) return "refuse-unmatched";
  if (route.fn === "stream-events") throw new Error("a stream is not answered at once");
  return route.fn;
}
