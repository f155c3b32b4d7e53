import { type Event, toEventJson } from "#core/events/event.ts";
import { fromJournalLine, toJournalLine } from "#core/events/records/journal-record.ts";
import { memberText } from "#core/events/values/json-text.ts";
import { TRIGGER_KINDS, type Trigger, type TriggerKey, webhookId } from "#core/triggers/trigger.ts";

/**
 * An event on its way to the target of a trigger. It names the trigger and holds nothing of it: what is delivered,
 * where to and how it is signed is decided anew by each attempt, and no secret lies in a queue.
 */
export interface Delivery extends TriggerKey {
  /** `webhook-id`. */
  readonly id: string;
  /** When it was handed on, in milliseconds since 1970: attempts end a day later. */
  readonly sinceMs: number;
  readonly event: Event;
}

/** A delivery that was given up, and why. */
export interface DeadDelivery extends Delivery {
  readonly reason: string;
}

export const toDelivery = ({ namespace, kind, name }: Trigger, event: Event, sinceMs: number): Delivery => ({
  id: webhookId({ namespace, kind, name }, event),
  namespace,
  kind,
  name,
  sinceMs,
  event,
});

/** As it lies in a queue: JSON, the event as a line of the journal. */
export function toDeliveryText(delivery: Delivery | DeadDelivery): string {
  const { event, ...rest } = delivery;
  return `${JSON.stringify(rest).slice(0, -1)},"event":${toJournalLine(event).trimEnd()}}`;
}

/** Throws a SyntaxError where the text is not one that `toDeliveryText` could have written. */
export function fromDeliveryText(text: string): Delivery & Partial<DeadDelivery> {
  const parsed = JSON.parse(text) as (Delivery & Partial<DeadDelivery>) | null;
  if (!isDelivery(parsed)) throw new SyntaxError("not a delivery of a trigger");
  return { ...parsed, event: fromJournalLine(memberText(text, "event") as string) };
}

const isDelivery = (parsed: (Delivery & Partial<DeadDelivery>) | null): parsed is Delivery & Partial<DeadDelivery> =>
  typeof parsed?.id === "string" &&
  typeof parsed.namespace === "string" &&
  TRIGGER_KINDS.includes(parsed.kind) &&
  typeof parsed.name === "string" &&
  Number.isFinite(parsed.sinceMs) &&
  typeof parsed.event === "object" &&
  (parsed.reason === undefined || typeof parsed.reason === "string");

/** What a webhook is sent (Standard Webhooks, "Payload structure"). */
export const toWebhookBody = ({ event }: Delivery): string =>
  `{"type":"${event.type}","timestamp":"${event.timestamp}","data":${toEventJson(event)}}`;

/** What a bus or a function gets: the same, and what a webhook has in its headers. */
export function toMessageBody(delivery: Delivery): string {
  const { id, namespace, kind, name, event } = delivery;
  const headers = JSON.stringify({ id, namespace, trigger: `${kind}/${name}`, hops: event.hops ?? 0 });
  return `${headers.slice(0, -1)},${toWebhookBody(delivery).slice(1)}`;
}
