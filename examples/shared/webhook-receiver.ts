import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { MeasuredEvent } from "./pulse-api.ts";

/** What a delivery brings. */
export interface Delivered {
  readonly type: string;
  readonly data: MeasuredEvent;
}

export const newSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;

/** A delivery that was signed longer ago was recorded, and is played back. */
const OLDEST_SECONDS = 300;

/** Whether a delivery comes from who has the secret, and just now (Standard Webhooks). */
function isGenuine({ headers }: IncomingMessage, body: string, secret: string): boolean {
  const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signatures } = headers;
  if (Math.abs(Date.now() / 1000 - Number(at)) > OLDEST_SECONDS) return false;
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const expected = Buffer.from(`v1,${createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64")}`);
  return String(signatures)
    .split(" ")
    .map((signature) => Buffer.from(signature))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}

/**
 * Listens on loopback for the deliveries of a trigger. 204 says that one is dealt with; whatever
 * fails is answered 500, and Pulse tries again.
 */
export async function receiveWebhooks(
  secret: string,
  handle: (delivered: Delivered) => Promise<void>,
): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const status = isGenuine(request, body, secret)
      ? await handle(JSON.parse(body) as Delivered).then(
          () => 204,
          (error: Error) => {
            console.error(error.message);
            return 500;
          },
        )
      : 401;
    response.writeHead(status).end();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
