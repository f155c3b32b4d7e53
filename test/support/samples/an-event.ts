import type { Event } from "#core/events/event.ts";
import { type JournalEntry, type JournalPoint, toSeq } from "#core/events/event-journal.ts";
import { uuidV7 } from "#core/uuid.ts";

/** When built events are accepted, unless they say otherwise: one instant, so that they share one index. */
export const RECEIVED_AT_MS = Date.UTC(2026, 2, 15, 12);

/**
 * An accepted event. Later ones have greater ids; `timestamp` and `timestampMs` follow from each other.
 */
export function anEvent(given: Partial<Event> = {}): Event {
  const timestampMs =
    given.timestampMs ?? (given.timestamp === undefined ? RECEIVED_AT_MS : Date.parse(given.timestamp));
  return {
    id: uuidV7(RECEIVED_AT_MS),
    namespace: "default",
    type: "event",
    tags: ["tests"],
    timestamp: new Date(timestampMs).toISOString(),
    timestampMs,
    receivedAtMs: RECEIVED_AT_MS,
    ...given,
  };
}

/** An event at the given record of a shard's journal. */
export const anEntry = (
  event: Event,
  shard: string,
  sequenceNumber: number | bigint,
  offset = 0,
): JournalEntry & { readonly point: JournalPoint } => ({ event, point: { shard, seq: toSeq(sequenceNumber, offset) } });
