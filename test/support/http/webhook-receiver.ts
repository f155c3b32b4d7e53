import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { LOOPBACK_TLS } from "#test/support/http/loopback-tls.ts";

export interface ReceivedCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A webhook on loopback that remembers its calls and answers as it is told to. */
export interface WebhookReceiver {
  readonly url: string;
  readonly port: number;
  readonly calls: ReceivedCall[];
  /** What each further call is answered; 204 until then. */
  answer: (response: ServerResponse, call: ReceivedCall, request: IncomingMessage) => void;
  close(): Promise<void>;
}

export async function openWebhookReceiver({ tls = false } = {}): Promise<WebhookReceiver> {
  const calls: ReceivedCall[] = [];
  const listener: RequestListener = async (request, response) => {
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return; // the caller hung up
    const call = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers as Record<string, string>,
      body,
    };
    calls.push(call);
    receiver.answer(response, call, request);
  };
  const server = tls ? createHttpsServer(LOOPBACK_TLS, listener) : createHttpServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const receiver: WebhookReceiver = {
    url: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    port,
    calls,
    answer: (response) => void response.writeHead(204).end(),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return receiver;
}
