import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2ServerRequest } from "node:http2";
import type { AddressInfo } from "node:net";

/** A call of an AWS service that speaks JSON. */
export interface AwsCall {
  /** `PutRecords` */
  readonly operation: string;
  // biome-ignore lint/suspicious/noExplicitAny: a call is what the test says it is
  readonly body: any;
}

export interface AwsReply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: so is a reply
  readonly body: any;
}

/** What happens to a call: `forward` gives it to the service. Without a reply the connection is cut. */
export type Behaviour = (
  call: AwsCall,
  forward: (body?: unknown) => Promise<AwsReply>,
) => Promise<AwsReply | undefined> | AwsReply | undefined;

/** A refusal as AWS words it. */
export const refusal = (status: number, name: string): AwsReply => ({
  status,
  body: { __type: name, message: `${name} of the test` },
});

/** Stands before a stand-in of an AWS service, to break what AWS breaks. */
export interface AwsFront {
  /** For the client: where it is, and credentials that nobody checks. */
  readonly config: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** Every call so far. */
  readonly calls: readonly AwsCall[];
  /** From now on. At first every call is forwarded. */
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

const FORWARDED = /^(authorization|content-type|x-amz-.*)$/;

/** Kinesis' client speaks HTTP/2 alone; the stand-in never does. */
export async function openAwsFront(backend: string, protocol: "http1" | "http2"): Promise<AwsFront> {
  const calls: AwsCall[] = [];
  let behave: Behaviour = (_call, forward) => forward();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const call = {
      operation: String(request.headers["x-amz-target"]).split(".")[1] as string,
      body: JSON.parse(Buffer.concat(chunks).toString()),
    };
    calls.push(call);
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => FORWARDED.test(name)));
    const forward = async (body: unknown = call.body): Promise<AwsReply> => {
      const reply = await fetch(backend, {
        method: "POST",
        headers: headers as Record<string, string>,
        body: JSON.stringify(body),
      });
      return { status: reply.status, body: JSON.parse((await reply.text()) || "{}") };
    };
    const reply = await behave(call, forward);
    if (reply === undefined) {
      cut(request);
      return;
    }
    response.writeHead(reply.status, { "content-type": "application/x-amz-json-1.1" });
    response.end(JSON.stringify(reply.body));
  };
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    // The client went away in the middle: nobody is left to answer.
    answer(request, response).catch(() => response.destroy());
  };
  const server =
    protocol === "http1" ? createServer(listener) : createHttp2Server(listener as unknown as HttpTwoListener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    config: {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: "eu-central-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    },
    calls,
    behave: (behaviour) => {
      behave = behaviour;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function cut(request: IncomingMessage | Http2ServerRequest): void {
  if ("stream" in request) request.stream.session?.destroy();
  else request.socket.destroy();
}

type HttpTwoListener = Parameters<typeof createHttp2Server>[0] & object;
