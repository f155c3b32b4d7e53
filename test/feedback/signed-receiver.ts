import { Webhook } from "standardwebhooks";
import { openWebhookReceiver } from "#test/support/http/webhook-receiver.ts";

/** What a webhook was sent, its signature verified. */
export interface Delivery {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly data: { readonly id: string; readonly tags: readonly string[]; readonly value?: unknown };
}

export interface SignedReceiver {
  readonly url: string;
  readonly secret: string;
  readonly deliveries: readonly Delivery[];
  /** Requests whose signature was not right. */
  readonly forged: number;
  close(): Promise<void>;
}

/** Takes what is signed with its secret, and refuses anything else, as the specification's own library has it. */
export async function openSignedReceiver(): Promise<SignedReceiver> {
  const secret = `whsec_${Buffer.from("of the feedback loop, 32 bytes..").toString("base64")}`;
  const webhook = new Webhook(secret);
  const deliveries: Delivery[] = [];
  let forged = 0;
  const receiver = await openWebhookReceiver();
  receiver.answer = (response, { body, headers }) => {
    try {
      webhook.verify(body, headers);
    } catch {
      forged++;
      response.writeHead(401).end();
      return;
    }
    deliveries.push({ id: String(headers["webhook-id"]), ...JSON.parse(body) });
    response.writeHead(204).end();
  };
  return {
    url: `${receiver.url}/hook`,
    secret,
    deliveries,
    get forged() {
      return forged;
    },
    close: receiver.close,
  };
}
