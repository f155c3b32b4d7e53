import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import type { LambdaFunction } from "#test/support/aws/lambda-function.ts";

/** The head of a streamed answer, as a function writes it before its body. */
export interface Prelude {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface FunctionUrlFront {
  readonly url: string;
  close(): Promise<void>;
}

/** Between the prelude, which is JSON, and the body. */
const DELIMITER = Buffer.alloc(8);

/**
 * A function URL of invoke mode RESPONSE_STREAM. As at AWS, a function is not told that its client has
 * gone: it writes on until it ends by itself.
 */
export async function openFunctionUrl(fn: LambdaFunction): Promise<FunctionUrlFront> {
  const server = createServer(async (request, response) => {
    try {
      const answer = await fn.stream(await toFunctionUrlEvent(request));
      const { prelude, body } = await readPrelude(answer);
      response.writeHead(prelude.statusCode, prelude.headers);
      await pass(answer, body, response);
    } catch {
      // Once bytes have gone, all that is left is to break off.
      if (response.headersSent) response.destroy();
      else response.writeHead(502, { "content-type": "application/json" }).end('{"Message":"Internal Server Error"}');
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

/**
 * Takes the prelude off a streamed answer; `body` is what came with it. Throws when the answer ends before its body.
 */
export async function readPrelude(answer: Readable): Promise<{ readonly prelude: Prelude; readonly body: Buffer }> {
  let read = Buffer.alloc(0);
  const end = await new Promise<number>((resolve, reject) => {
    const look = (chunk: Buffer) => {
      read = Buffer.concat([read, chunk]);
      const found = read.indexOf(DELIMITER);
      if (found < 0) return;
      answer.pause().off("data", look);
      resolve(found);
    };
    answer.on("data", look);
    finished(answer).then(() => reject(new Error("the answer has ended before its body")), reject);
  });
  return { prelude: JSON.parse(read.toString("utf8", 0, end)), body: read.subarray(end + DELIMITER.length) };
}

/** Passes the body on as it comes, to nobody when the client has gone. */
async function pass(answer: Readable, begun: Buffer, response: ServerResponse): Promise<void> {
  response.flushHeaders();
  if (begun.length > 0) response.write(begun);
  answer.on("data", (chunk: Buffer) => response.destroyed || response.write(chunk)).resume();
  await finished(answer);
  response.end();
}

async function toFunctionUrlEvent(request: IncomingMessage): Promise<APIGatewayProxyEventV2> {
  const [rawPath = "", rawQueryString = ""] = (request.url as string).split("?");
  const body = (await buffer(request)).toString();
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString,
    headers: { ...(request.headers as Record<string, string>), "x-forwarded-proto": "https" },
    requestContext: {
      accountId: "anonymous",
      apiId: "function-url",
      domainName: "function-url.lambda-url.eu-central-1.on.aws",
      domainPrefix: "function-url",
      http: {
        method: request.method as string,
        path: rawPath,
        protocol: "HTTP/1.1",
        sourceIp: "127.0.0.1",
        userAgent: request.headers["user-agent"] ?? "",
      },
      requestId: randomUUID(),
      routeKey: "$default",
      stage: "$default",
      time: new Date().toUTCString(),
      timeEpoch: Date.now(),
    },
    ...(body !== "" && { body }),
    isBase64Encoded: false,
  };
}
