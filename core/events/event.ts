/** An accepted event: everything about it is fixed before the journal takes it, so that no retry can change it. */
export interface Event {
  /** UUIDv7 (a log line's: UUIDv8). */
  readonly id: string;
  /** `default`, or one of the declared namespaces. */
  readonly namespace: string;
  readonly type: string;
  /** Expanded and without repeats, in the order of first mention. */
  readonly tags: readonly string[];
  /** The value's JSON text without whitespace between tokens, otherwise as sent; absent when the event has none. */
  readonly value?: string;
  /** RFC 3339, as the caller gave it. */
  readonly timestamp: string;
  /** The instant of `timestamp`, in milliseconds since 1970. */
  readonly timestampMs: number;
  /** When the event was accepted, in milliseconds since 1970. Names the index's period, so it never changes. */
  readonly receivedAtMs: number;
  /** `Pulse-Key`: events of the same key keep their order in the journal. */
  readonly key?: string;
  /** How many deliveries of triggers led to it, one after the other; absent for none. Nobody is shown it. */
  readonly hops?: number;
}

/** The event as callers see it: `id, type, tags, value, timestamp`, the value being its own text. */
export function toEventJson(event: Event): string {
  const value = event.value === undefined ? "" : `"value":${event.value},`;
  return `{"id":"${event.id}","type":"${event.type}","tags":${JSON.stringify(event.tags)},${value}"timestamp":"${event.timestamp}"}`;
}
