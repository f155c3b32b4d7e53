import { createServer, type IncomingMessage, type ServerResponse, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What goes wrong with a request on its way. */
export type Fault =
  /** The connection is lost before the request arrives. */
  | { readonly kind: "lost-request" }
  /** The request is carried out, and the connection is lost in the middle of its answer. */
  | { readonly kind: "lost-answer" }
  /** The request is carried out, and its answer never comes. */
  | { readonly kind: "no-answer" }
  /** Answered by the proxy alone. */
  | { readonly kind: "answer"; readonly status: number; readonly body: string }
  /** Of a bulk, the items that are chosen are not carried out and answered so; the others are. */
  | { readonly kind: "items"; readonly refuse: (index: number) => ItemRefusal | undefined };

export interface ItemRefusal {
  readonly status: number;
  readonly type: string;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface FaultyProxy {
  readonly url: string;
  /** Everything that came, faults included. */
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

/** Stands before an OpenSearch; `faultOf` says of each request what goes wrong with it, if anything. */
export async function openFaultyProxy(
  target: string,
  faultOf: (request: SeenRequest) => Fault | undefined,
): Promise<FaultyProxy> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const body = (await buffer(incoming)).toString();
    const request = { method: incoming.method ?? "", path: incoming.url ?? "", body };
    seen.push(request);
    await answer(target, incoming, request, faultOf(request), response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  target: string,
  incoming: IncomingMessage,
  request: SeenRequest,
  fault: Fault | undefined,
  response: ServerResponse,
): Promise<void> {
  if (fault?.kind === "lost-request") return void response.destroy();
  if (fault?.kind === "answer")
    return void response.writeHead(fault.status, { "content-type": "application/json" }).end(fault.body);
  if (fault?.kind === "items") {
    const text = await answerItems(target, incoming, request, fault.refuse);
    return void response.writeHead(200, { "content-type": "application/json" }).end(text);
  }
  const { status, type, text } = await forward(target, incoming, request, request.body);
  if (fault?.kind === "no-answer") return;
  response.writeHead(status, { ...(type && { "content-type": type }), "content-length": Buffer.byteLength(text) });
  if (fault?.kind !== "lost-answer") return void response.end(text);
  response.write(text.slice(0, text.length / 2), () => response.destroy());
}

interface Forwarded {
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
}

const forward = (target: string, incoming: IncomingMessage, { method, path }: SeenRequest, body: string) =>
  new Promise<Forwarded>((resolve, reject) => {
    const headers = { ...incoming.headers, "content-length": Buffer.byteLength(body) };
    send(new URL(path, target), { method, headers, agent: false }, async (reply) => {
      const text = (await buffer(reply)).toString();
      resolve({ status: reply.statusCode ?? 0, type: reply.headers["content-type"], text });
    })
      .on("error", reject)
      .end(body);
  });

async function answerItems(
  target: string,
  incoming: IncomingMessage,
  request: SeenRequest,
  refuse: (index: number) => ItemRefusal | undefined,
): Promise<string> {
  const lines = request.body.trimEnd().split("\n");
  const refusals = Array.from({ length: lines.length / 2 }, (_, index) => refuse(index));
  const passed = lines.filter((_, line) => refusals[Math.floor(line / 2)] === undefined).map((line) => `${line}\n`);
  const reply = passed.length === 0 ? "{}" : (await forward(target, incoming, request, passed.join(""))).text;
  const carriedOut = ((JSON.parse(reply) as { items?: object[] }).items ?? []).values();
  const items = refusals.map((refusal) => {
    if (refusal === undefined) return carriedOut.next().value;
    const { status, type } = refusal;
    return { create: { status, error: { type, reason: "refused by the proxy" } } };
  });
  return JSON.stringify({ items });
}
