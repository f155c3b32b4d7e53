import type { ServerResponse } from "node:http";
import type { Writable } from "node:stream";

interface Head {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The global that Lambda's Node runtime gives streaming functions. Here the response stream is node:http's own, so a
 * head is written as a head instead of as a prelude.
 */
const awslambda = {
  streamifyResponse: <Handler>(handler: Handler): Handler => handler,
  HttpResponseStream: {
    from(stream: Writable, head: Head): Writable {
      const response = stream as ServerResponse;
      response.writeHead(head.statusCode, head.headers);
      response.flushHeaders();
      return response;
    },
  },
};

export const installAwsLambda = (): void => {
  Object.assign(globalThis, { awslambda });
};
