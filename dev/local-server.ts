import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { APIGatewayProxyResult, Context } from "aws-lambda";
import { PulseError } from "#core/errors.ts";
import { targetOf, toGatewayMessage } from "#dev/gateway-message.ts";
import type { HttpFunction } from "#functions/routes.ts";
import { errorAnswer, PREFLIGHT_ANSWER } from "#functions/shared/http/answer.ts";
import { type ApiHandler, answerOf } from "#functions/shared/http/api.ts";
import { matchRoute, type RouteMatch } from "#functions/shared/http/match-route.ts";
import { isGzip, isUnderBase, splitPath } from "#functions/shared/http/request.ts";
import type { StreamingHandler } from "#functions/shared/http/streaming-api.ts";
import { log } from "#functions/shared/log.ts";

/** The functions behind the routes, as AWS would call them. */
export type HttpHandlers = Readonly<Record<Exclude<HttpFunction, "stream-events"> | "refuse-unmatched", ApiHandler>> & {
  readonly "stream-events": StreamingHandler;
};

export interface LocalServer {
  readonly url: string;
  /** Ends streams, lets requests that are under way finish, and stops listening. */
  close(): Promise<void>;
}

/** API Gateway's limit; the functions' own is lower and answers with more detail. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const CLOSE_PATIENCE_MS = 3000;
const NO_CONTEXT = {} as Context;
const NO_BODY = Buffer.alloc(0);

/** Serves the table of routes over HTTP on loopback: each request becomes the event that API Gateway would send. */
export async function serveHttp(handlers: HttpHandlers, port: number): Promise<LocalServer> {
  const streams = new Set<ServerResponse>();
  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    answer(request, response, handlers, streams).catch((error) => {
      if (!response.destroyed) send(response, answerOf(error, randomUUID()));
    });
  });
  server.on("clientError", refuseUnreadable);
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => close(server, streams),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handlers: HttpHandlers,
  streams: Set<ServerResponse>,
): Promise<void> {
  if (request.method === "OPTIONS") return send(response, PREFLIGHT_ANSWER);
  const target = targetOf(request);
  const { namespace, path } = splitPath(target.path);
  const isNamed = target.path.startsWith(`/${namespace}/`);
  const match = isUnderBase(target.path) ? matchOf(request.method ?? "GET", path) : undefined;
  const body = await readBody(request);
  if (body === undefined) return refuseLarge(response);
  if (isNotAsEncoded(request, body)) return refuseEncoding(response);
  const message = toGatewayMessage(request, target, body, isNamed ? namespace : undefined, match);
  if (match?.route.streams) {
    streams.add(response);
    response.once("close", () => streams.delete(response));
    return stream(handlers["stream-events"], message, response);
  }
  const fn = (match?.route.fn ?? "refuse-unmatched") as Exclude<keyof HttpHandlers, "stream-events">;
  send(response, await handlers[fn](message, NO_CONTEXT));
}

function matchOf(method: string, path: string): RouteMatch | undefined {
  try {
    return matchRoute(method, path);
  } catch (error) {
    if (error instanceof PulseError) return undefined;
    throw error;
  }
}

/** In the middle of its stream, or before its stream began. */
const CLIENT_HAS_GONE = new Set<string | undefined>(["ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_UNABLE_TO_PIPE"]);

/** A client that goes, or is cut because it is slow, ends its stream early: that is no failure. */
async function stream(
  handler: StreamingHandler,
  message: Parameters<StreamingHandler>[0],
  response: ServerResponse,
): Promise<void> {
  // Ended by the end of the connection, each frame is one write; as chunks it would be three.
  response.useChunkedEncodingByDefault = false;
  try {
    await handler(message, response, NO_CONTEXT);
  } catch (error) {
    response.destroy();
    if (!CLIENT_HAS_GONE.has((error as NodeJS.ErrnoException).code))
      log.error("a stream failed", { error: error as Error });
  }
}

/** The whole body, or undefined if it is larger than any function takes. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const { "content-length": length = "0", "transfer-encoding": coding } = request.headers;
  // To wait for the end of nothing takes longer than what follows it.
  if (length === "0" && coding === undefined) return NO_BODY;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}

function refuseLarge(response: ServerResponse): void {
  response.setHeader("connection", "close");
  const detail = `the body has more than ${MAX_BODY_BYTES} bytes`;
  send(response, errorAnswer(new PulseError("too-large", detail), randomUUID()));
}

/** API Gateway inflates a body itself, and refuses one that is not what its header says. */
const isNotAsEncoded = ({ headers }: IncomingMessage, body: Buffer): boolean =>
  headers["content-encoding"]?.toLowerCase() === "gzip" && body.length > 0 && !isGzip(body);

function refuseEncoding(response: ServerResponse): void {
  const detail = "Content-Encoding says gzip, and the body is none: leave the header out, or send the body as gzip";
  send(response, errorAnswer(new PulseError("unsupported-media-type", detail), randomUUID()));
}

function send(response: ServerResponse, { statusCode, headers, body }: APIGatewayProxyResult): void {
  if (response.headersSent) return;
  const bodiless = statusCode === 204 || statusCode === 304;
  response.writeHead(statusCode, {
    ...(headers as Record<string, string>),
    ...(!bodiless && { "content-length": Buffer.byteLength(body) }),
  });
  response.end(body);
}

/** What is not HTTP gets a problem document too, as far as the socket still takes one. */
function refuseUnreadable(error: Error, socket: import("node:stream").Duplex): void {
  if (!socket.writable) return void socket.destroy();
  const tooLong = "code" in error && error.code === "HPE_HEADER_OVERFLOW";
  const refused = tooLong
    ? new PulseError("too-large", "the request line and headers are too long; a query may go into the body")
    : new PulseError("invalid-input", `this is not HTTP: ${error.message}`);
  const { statusCode, body } = errorAnswer(refused, randomUUID());
  socket.end(
    `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\ncontent-type: application/problem+json\r\nconnection: close\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code !== "EADDRINUSE") return reject(cause);
      reject(
        new PulseError("unavailable", `cannot listen on port ${port}: it is taken (0 takes a free one)`, { cause }),
      );
    });
    server.listen(port, "127.0.0.1", () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}

async function close(server: Server, streams: ReadonlySet<ServerResponse>): Promise<void> {
  for (const response of streams) response.destroy();
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const impatient = setTimeout(() => server.closeAllConnections(), CLOSE_PATIENCE_MS);
  await closed;
  clearTimeout(impatient);
}
