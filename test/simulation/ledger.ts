import type { KinesisStreamRecord } from "aws-lambda";
import type { Event } from "#core/events/event.ts";
import { type JournalPoint, toSeq } from "#core/events/event-journal.ts";
import type { DeadLetter } from "#core/events/index-entries.ts";
import type { EventFilter } from "#core/events/query/event-filter.ts";

/** One event of a POST, however often the POST is tried. */
export interface PostedItem {
  /** Its value: what it is known by. */
  readonly number: number;
  /** A retry is recognised by its `Idempotency-Key`. */
  readonly isKeyed: boolean;
  /**
   * Events of the same lane keep their order: they have the same key, and one was answered before the next was sent.
   */
  readonly lane: string | undefined;
  tries: number;
  /** The answers of 201, those that never reached the client too. */
  readonly accepted: { readonly event: Event; readonly point: JournalPoint }[];
  /** The client knows. */
  isKnown: boolean;
}

/** A chain of streams, each resumed where the one before broke off. */
export interface Chain {
  readonly name: string;
  readonly filter: EventFilter;
  /** Up to where it has seen everything when it begins; undefined until its first frame has arrived. */
  start: ReadonlyMap<string, string> | undefined;
  /** When its first frame was sent: what comes later must be seen. Undefined where it begins in the past. */
  openedAtMs: number | undefined;
  /** The data of each event frame that arrived. */
  readonly received: string[];
}

/** What a query answered, all its pages. */
export interface Reading {
  readonly name: string;
  readonly filter: EventFilter;
  readonly position: ReadonlyMap<string, string>;
  readonly events: readonly string[];
  /** Items whose receipt the query waited for. */
  readonly awaited: readonly PostedItem[];
}

/** All that was seen from outside, for the judge. */
export interface Ledger {
  readonly items: PostedItem[];
  readonly chains: Chain[];
  readonly readings: Reading[];
  readonly deadLetters: DeadLetter[];
  /** Records that were given to the on-failure destination: `<shard> <seq of the record>`. */
  readonly discarded: Set<string>;
  /** Records that nobody could read, put into the stream by somebody else. */
  readonly unreadable: Set<string>;
  readonly violations: string[];
}

export const emptyLedger = (): Ledger => ({
  items: [],
  chains: [],
  readings: [],
  deadLetters: [],
  discarded: new Set(),
  unreadable: new Set(),
  violations: [],
});

/** `<stream>/<shard id>`, as points name it. */
export const shardName = ({ eventSourceARN, eventID }: KinesisStreamRecord): string =>
  `${eventSourceARN.slice(eventSourceARN.indexOf("/") + 1)}/${eventID.slice(0, eventID.indexOf(":"))}`;

/** A record of the journal, however many events it holds. */
export const recordName = (record: KinesisStreamRecord): string =>
  recordNameOf({ shard: shardName(record), seq: toSeq(record.kinesis.sequenceNumber, 0) });

/** The record that holds the point. */
export const recordNameOf = ({ shard, seq }: JournalPoint): string => `${shard} ${seq.slice(0, seq.indexOf("."))}`;
