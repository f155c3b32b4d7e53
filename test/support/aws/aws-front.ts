import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A call of an AWS service that speaks JSON. */
export interface AwsCall {
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
  /** The calls of the operations so far. */
  readonly calls: readonly AwsCall[];
  /** How many connections were made so far. */
  connections(): number;
  /** What becomes of their calls from now on; at first they are forwarded. */
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

const FORWARDED = /^(authorization|content-type|x-amz-.*)$/;

/** Counts and breaks the calls of some operations, and forwards all others. */
export async function openAwsFront(backend: string, ...operations: readonly string[]): Promise<AwsFront> {
  const calls: AwsCall[] = [];
  let behave: Behaviour = (_call, forward) => forward();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // A client that timed out goes in the middle.
    const sent = await text(request).catch(() => undefined);
    if (sent === undefined) return;
    const call = { body: JSON.parse(sent) };
    const forward = (body: unknown = call.body): Promise<AwsReply> => forwardTo(backend, request, body);
    const target = String(request.headers["x-amz-target"]);
    const isBroken = operations.some((operation) => target.endsWith(`.${operation}`));
    if (isBroken) calls.push(call);
    const reply = await (isBroken ? behave(call, forward) : forward());
    if (reply === undefined) {
      request.socket.destroy();
      return;
    }
    response.writeHead(reply.status, { "content-type": "application/x-amz-json-1.1" });
    response.end(JSON.stringify(reply.body));
  };
  const server = createServer((request, response) => void answer(request, response));
  let connections = 0;
  server.on("connection", () => {
    connections++;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    config: {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: "eu-central-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    },
    calls,
    connections: () => connections,
    behave: (behaviour) => {
      behave = behaviour;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function forwardTo(backend: string, { headers }: IncomingMessage, body: unknown): Promise<AwsReply> {
  const forwarded = Object.entries(headers).filter(([name]) => FORWARDED.test(name)) as [string, string][];
  const reply = await fetch(backend, { method: "POST", headers: forwarded, body: JSON.stringify(body) });
  return { status: reply.status, body: JSON.parse((await reply.text()) || "{}") };
}
