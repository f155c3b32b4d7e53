import { createHmac } from "node:crypto";

const PREFIX = "whsec_";
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const MIN_KEY_BYTES = 24;
const MAX_KEY_BYTES = 64;

/** The key that a secret `whsec_<base64>` holds, undefined where it is none (Standard Webhooks, "Signature scheme"). */
export function webhookKey(secret: string): Buffer | undefined {
  const base64 = secret.slice(PREFIX.length);
  if (!secret.startsWith(PREFIX) || !BASE64.test(base64)) return undefined;
  const key = Buffer.from(base64, "base64");
  return key.length >= MIN_KEY_BYTES && key.length <= MAX_KEY_BYTES ? key : undefined;
}

/** A delivery as it is signed. */
export interface SignedMessage {
  readonly id: string;
  /** Of this attempt, so that a receiver can refuse what was recorded long ago. */
  readonly atMs: number;
  readonly body: string;
}

/** The headers that Standard Webhooks asks for: one signature for each secret, with a space between them. */
export function signWebhook({ id, atMs, body }: SignedMessage, secrets: readonly string[]): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const signatures = secrets.map((secret) => {
    const key = webhookKey(secret);
    if (key === undefined) throw new Error("a secret of a webhook cannot be used"); // never with the secret
    return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
  });
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}
