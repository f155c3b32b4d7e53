import type { Event } from "#core/events/event.ts";
import type { ValueShape } from "#core/events/values/value-shape.ts";

/** Where the journal keeps an event: points of one shard are ordered by comparing `seq` as text. */
export interface JournalPoint {
  /** `<stream>/<shard id>`. */
  readonly shard: string;
  /** See `toSeq`. */
  readonly seq: string;
}

/** An event read back from the journal. A replayed one has no point. */
export interface JournalEntry {
  readonly event: Event;
  readonly point?: JournalPoint;
  /** What the maker of the event's value knows of it, if anything. */
  readonly shape?: ValueShape;
}

/** What became of one event: durable at its point, or not taken, and then a retry is safe and may help. */
export type Appended =
  | { readonly point: JournalPoint }
  | { readonly notTaken: string; readonly retryAfterSeconds: number };

/** Where an accepted event is first made durable, in order. */
export interface EventJournal {
  /** Answers per event, in order, once each is durable or known not to be. Never throws for a part of the events. */
  append(events: readonly Event[]): Promise<readonly Appended[]>;
}

const SEQUENCE_NUMBER_DIGITS = 56;
const OFFSET_DIGITS = 5;

/** The most events one journal record may carry: their offset must fit into a `seq`. */
export const MAX_EVENTS_PER_RECORD = 10 ** OFFSET_DIGITS;

/**
 * The place of an event as text that sorts in journal order: the record's sequence number (decimal, up to 56 digits)
 * padded with zeros, then the event's offset in its record.
 */
export const toSeq = (sequenceNumber: string | number | bigint, offset: number): string =>
  seqsOf(sequenceNumber)(offset);

/** The places in one record: what its events share is written once. */
export function seqsOf(sequenceNumber: string | number | bigint): (offset: number) => string {
  const record = `${String(sequenceNumber).padStart(SEQUENCE_NUMBER_DIGITS, "0")}.`;
  return (offset) => record + (LOW_OFFSETS[offset] ?? printOffset(offset));
}

const printOffset = (offset: number): string => String(offset).padStart(OFFSET_DIGITS, "0");
/** Records seldom have more. */
const LOW_OFFSETS = Array.from({ length: 1000 }, (_, offset) => printOffset(offset));

/** The record and the offset a `seq` names. */
export const fromSeq = (seq: string): { readonly sequenceNumber: bigint; readonly offset: number } => ({
  sequenceNumber: BigInt(seq.slice(0, SEQUENCE_NUMBER_DIGITS)),
  offset: Number(seq.slice(SEQUENCE_NUMBER_DIGITS + 1)),
});

const SEQ = /^\d{56}\.\d{5}$/;
export const isSeq = (text: string): boolean => SEQ.test(text);
