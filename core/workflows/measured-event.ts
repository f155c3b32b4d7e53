import { hash } from "node:crypto";
import type { Event } from "#core/events/event.ts";
import { expandTags } from "#core/events/tags.ts";
import { uuidV8 } from "#core/uuid.ts";
import type { Window } from "#core/workflows/window.ts";

/** What a workflow found out about a window. */
export interface Measurement {
  readonly type: "health" | "metrics" | "allocation" | "workflow";
  /** Not expanded. */
  readonly tags: readonly string[];
  readonly value: number | Readonly<Record<string, unknown>>;
}

/** The event of a measurement, of the time that its window ends with. Measured twice, it is the same event. */
export function toMeasuredEvent(namespace: string, window: Window, { type, tags, value }: Measurement): Event {
  return {
    id: measuredEventId(namespace, window, { type, tags }),
    namespace,
    type,
    tags: expandTags(tags),
    value: JSON.stringify(value),
    timestamp: new Date(window.toMs).toISOString(),
    timestampMs: window.toMs,
    receivedAtMs: window.toMs,
  };
}

const HASHED_BITS = 118n;

/**
 * A UUIDv8 of all but the value. It begins with how general the tags are: among events of one instant the greater id is
 * the newer one, and `/health/gateways/{g}`, which routes' events match as well, is to answer the gateway's.
 */
export function measuredEventId(
  namespace: string,
  { fromMs, toMs }: Window,
  { type, tags }: Pick<Measurement, "type" | "tags">,
): string {
  const digest = BigInt(`0x${hash("sha256", JSON.stringify([namespace, type, fromMs, toMs, tags.toSorted()]))}`);
  const generality = BigInt(Math.max(0, 15 - tags.length));
  return uuidV8((generality << HASHED_BITS) | (digest >> (256n - HASHED_BITS)));
}

/** To two decimals, as Vamp's workflows published them. */
export const round = (number: number): number => Math.round(number * 100) / 100;
