import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { type Clock, systemClock } from "#core/clock.ts";
import { readRetryAfter } from "#core/retry-after.ts";
import { toWebhookBody } from "#core/triggers/delivery.ts";
import { signWebhook } from "#core/triggers/sign-webhook.ts";
import type { TargetAnswer, TriggerTarget } from "#core/triggers/trigger-target.ts";
import { type EgressGuard, EgressRefusal } from "#functions/shared/triggers/egress-guard.ts";

export interface WebhookOptions {
  readonly guard: EgressGuard;
  /** @default systemClock */
  readonly clock?: Clock;
  /** For a receiver's certificate. @default - what Node trusts */
  readonly ca?: string;
  /** Ends what is under way: nobody waits for it any more. @default - never */
  readonly signal?: AbortSignal;
}

/** From the first look at the name to the end of the answer (Standard Webhooks recommends 15 to 30 s). */
const TIMEOUT_MS = 15_000;
/** What is read of an answer; nothing of it is used, but a connection ends better when it is read. */
const MAX_ANSWER_BYTES = 64 * 1024;
const GONE = 410;

/**
 * Posts an event to a webhook, signed. Any 2xx is taken; a redirect is not followed, for it would lead where nobody
 * looked; what is answered besides the status is not looked at.
 */
export function webhookTarget({ guard, clock = systemClock, ca, signal }: WebhookOptions): TriggerTarget {
  return {
    async attempt(delivery, { target }) {
      if (!("webhook" in target)) throw new Error("the trigger has no webhook");
      const { url, secrets } = target.webhook;
      const address = new URL(url);
      const refusal = guard.refuseHost(address.hostname, address.protocol === "https:");
      if (refusal !== undefined) return { notTaken: `its URL ${refusal}` };
      const body = toWebhookBody(delivery);
      const headers = {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        "user-agent": "Pulse",
        "pulse-hops": String(delivery.event.hops ?? 0),
        ...signWebhook({ id: delivery.id, atMs: clock.now(), body }, secrets),
      };
      const options = {
        method: "POST",
        headers,
        lookup: guard.lookup,
        agent: false,
        ...(ca !== undefined && { ca }),
        ...(signal !== undefined && { signal }),
      };
      return post(address, options, body, clock);
    },
  };
}

function post(url: URL, options: RequestOptions, body: string, clock: Clock): Promise<TargetAnswer> {
  return new Promise((resolve) => {
    let outgoing: ClientRequest | undefined;
    let answer: TargetAnswer = { notTaken: `no answer within ${TIMEOUT_MS / 1000} s` };
    const end = () => {
      cancel();
      outgoing?.destroy();
      resolve(answer);
    };
    const cancel = clock.after(TIMEOUT_MS, end);
    const fail = (error: NodeJS.ErrnoException) => {
      if ("status" in answer) return end();
      answer = { notTaken: reasonOf(error) };
      end();
    };
    // As ES modules they would be 30 ms of every cold start: each of their
    // exports is read then, and loads all of fetch.
    const { request } = process.getBuiltinModule(url.protocol === "https:" ? "node:https" : "node:http");
    outgoing = request(url, options, (incoming) => {
      answer = answerOf(incoming, clock);
      let bytes = 0;
      incoming.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) end();
      });
      incoming.on("error", end);
      incoming.on("close", end);
    });
    outgoing.on("error", fail);
    outgoing.end(body);
  });
}

function answerOf({ statusCode: status = 0, headers }: IncomingMessage, clock: Clock): TargetAnswer {
  if (status >= 200 && status < 300) return { taken: true, status };
  const retryAfterMs = readRetryAfter(headers["retry-after"], clock.now());
  if (status === GONE) return { notTaken: "the receiver answered 410: it wants nothing more", status, isGone: true };
  const redirected = status >= 300 && status < 400 ? ", and redirects are not followed" : "";
  const notTaken = `the receiver answered ${status}${redirected}`;
  return { notTaken, status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** Why there was no answer: what is known without the words of the other side. */
function reasonOf(error: NodeJS.ErrnoException): string {
  if (error instanceof EgressRefusal) return error.message;
  return `the receiver cannot be reached (${error.code ?? error.name})`;
}
