import type { Event } from "#core/events/event.ts";

/** An event as its row and its type give it back. */
export interface EventRow {
  readonly seq: number;
  readonly id: Uint8Array;
  readonly namespace: string;
  readonly name: string;
  readonly ts: number;
  readonly received: number;
  readonly timestamp: string;
  readonly tags: string;
  readonly key: string | null;
  readonly value: string | null;
}

export const EVENT_COLUMNS = "event.*, type.name";
export const EVENT_SOURCE = "event JOIN type ON type.tag_id = event.type_tag_id";

export function toEvent(row: EventRow): Event {
  return {
    id: fromIdBytes(row.id),
    namespace: row.namespace,
    type: row.name,
    tags: JSON.parse(row.tags) as string[],
    ...(row.value !== null && { value: row.value }),
    timestamp: row.timestamp,
    timestampMs: row.ts,
    receivedAtMs: row.received,
    ...(row.key !== null && { key: row.key }),
  };
}

/** The 16 bytes of a UUID, which sort as its text does. */
export const toIdBytes = (id: string): Uint8Array => Buffer.from(id.replaceAll("-", ""), "hex");

function fromIdBytes(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * A `seq` without its leading zeros, the count of its digits in front, so that it still sorts as text: 62 characters in
 * each row and index entry become about 15.
 */
export function toPoint(seq: string): string {
  let zeros = 0;
  while (seq[zeros] === "0") zeros++;
  const digits = seq.indexOf(".") - zeros;
  return `${digits < 10 ? "0" : ""}${digits}${seq.slice(zeros)}`;
}

export function fromPoint(point: string): string {
  return point.slice(2).padStart(SEQ_LENGTH, "0");
}
const SEQ_LENGTH = 62;
