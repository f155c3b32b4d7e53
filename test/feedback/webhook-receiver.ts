import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";

/** What a webhook was sent, its signature verified. */
export interface Delivery {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly data: { readonly id: string; readonly tags: readonly string[]; readonly value?: unknown };
}

export interface WebhookReceiver {
  readonly url: string;
  readonly secret: string;
  readonly deliveries: readonly Delivery[];
  /** Requests whose signature was not right. */
  readonly forged: number;
  close(): Promise<void>;
}

/** Takes what is signed with its secret, and refuses anything else, as the specification's own library has it. */
export async function openWebhookReceiver(): Promise<WebhookReceiver> {
  const secret = `whsec_${Buffer.from("of the feedback loop, 32 bytes..").toString("base64")}`;
  const webhook = new Webhook(secret);
  const deliveries: Delivery[] = [];
  let forged = 0;
  const take = async (request: IncomingMessage): Promise<number> => {
    const body = await text(request);
    try {
      webhook.verify(body, request.headers as Record<string, string>);
    } catch {
      forged++;
      return 401;
    }
    deliveries.push({ id: String(request.headers["webhook-id"]), ...JSON.parse(body) });
    return 204;
  };
  const server = createServer(async (request, response) => {
    response.writeHead(await take(request));
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    secret,
    deliveries,
    get forged() {
      return forged;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
