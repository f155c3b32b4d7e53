import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json, text } from "node:stream/consumers";

/** What a function reports when it fails, or when it cannot even be loaded. */
export interface FunctionFault {
  readonly errorType: string;
  readonly errorMessage: string;
}

/** How an invocation came out, once the first byte of its answer is there. */
export type Outcome =
  | { readonly kind: "answered"; readonly payload: string }
  | { readonly kind: "streams"; readonly stream: IncomingMessage }
  | { readonly kind: "failed"; readonly fault: FunctionFault };

/** What Lambda offers one execution environment: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
export interface RuntimeApi {
  /** For AWS_LAMBDA_RUNTIME_API. */
  readonly address: string;
  /** Resolves when the function is loaded and asks for its first invocation, or has reported why it cannot be. */
  readonly initialised: Promise<FunctionFault | undefined>;
  /** Hands over one invocation; the environment takes no other before it has answered. */
  invoke(event: unknown, deadlineMs: number): Promise<Outcome>;
  /** Cuts the environment off, which ends it. */
  close(): Promise<void>;
}

interface Invocation {
  readonly id: string;
  readonly event: unknown;
  readonly deadlineMs: number;
  readonly settle: (outcome: Outcome) => void;
}

const FUNCTION_ARN = "arn:aws:lambda:eu-central-1:000000000000:function:";
const PATH =
  /^\/2018-06-01\/runtime\/(?:init\/(?<init>error)|invocation\/(?:(?<next>next)|[\w-]+\/(?<end>response|error)))$/;

export async function openRuntimeApi(functionName: string): Promise<RuntimeApi> {
  const initialised = Promise.withResolvers<FunctionFault | undefined>();
  let asking = Promise.withResolvers<ServerResponse>();
  let current: Invocation | undefined;

  /** Gives the open question for the next invocation its answer. */
  const hand = (response: ServerResponse, invocation: Invocation): void => {
    asking = Promise.withResolvers();
    current = invocation;
    response.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": invocation.id,
      "lambda-runtime-deadline-ms": invocation.deadlineMs,
      "lambda-runtime-invoked-function-arn": FUNCTION_ARN + functionName,
    });
    response.end(JSON.stringify(invocation.event));
  };

  // Lambda keeps the connection while a function works, however long: node's own 5 s would end the function with it.
  const server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    const { init, next, end } = PATH.exec(request.url as string)?.groups ?? {};
    if (next !== undefined) {
      initialised.resolve(undefined);
      asking.resolve(response);
      return;
    }
    const accept = () => void response.writeHead(202).end();
    if (init !== undefined) initialised.resolve((await json(request)) as FunctionFault);
    else if (end === "error") current?.settle({ kind: "failed", fault: (await json(request)) as FunctionFault });
    else if (request.headers["lambda-runtime-function-response-mode"] === "streaming") {
      request.once("end", accept);
      current?.settle({ kind: "streams", stream: request });
      return;
    } else current?.settle({ kind: "answered", payload: await text(request) });
    accept();
  });
  server.requestTimeout = 0;
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    initialised: initialised.promise,
    invoke: async (event, deadlineMs) => {
      const response = await asking.promise;
      return new Promise((settle) => hand(response, { id: randomUUID(), event, deadlineMs, settle }));
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}
