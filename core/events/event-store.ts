import type { Event } from "#core/events/event.ts";
import type { JournalEntry, JournalPoint } from "#core/events/event-journal.ts";
import type { Aggregation, AggregationResult } from "#core/events/query/aggregation.ts";
import type { Cursor } from "#core/events/query/cursor.ts";
import type { EventFilter } from "#core/events/query/event-filter.ts";
import type { Position } from "#core/events/stream/position.ts";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";

/** Events of a filter and a time. Bounds are instants in milliseconds since 1970, both inclusive. */
export interface EventQuery extends EventFilter {
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Only events that were accepted in this time; the same kind of bounds. */
  readonly receivedFromMs?: number;
  readonly receivedToMs?: number;
  /** Only events whose value is a number. */
  readonly numeric?: boolean;
}

/** A page by its place (offset + limit ≤ 10,000), or the one that follows a cursor, however deep. */
export type PageRequest =
  | { readonly offset: number; readonly limit: number }
  | { readonly after: Cursor | "start"; readonly limit: number };

/** Newest timestamp first, ties by id descending. */
export interface EventPage {
  readonly events: readonly Event[];
  /** How many events the query matches in all; exact. */
  readonly total: number;
}

/** What became of one entry: kept (now or by an earlier try), or never to be kept, and why. */
export type Kept = { readonly kept: true } | { readonly refused: string };

/** The next entries after a position, per shard in journal order, and the position behind the last one looked at. */
export interface TailPage {
  readonly entries: readonly (JournalEntry & { readonly point: JournalPoint })[];
  readonly position: Position;
  /** Whether everything up to the checkpoints has been looked at. */
  readonly caughtUp: boolean;
}

/** A type that has events. */
export interface EventTypeSummary {
  readonly type: string;
  readonly count: number;
  readonly newestMs: number;
  /** Where its events are kept: an index pattern, or the engine's name. */
  readonly index: string;
}

/** Where events are kept and asked for. */
export interface EventStore {
  /**
   * Keeps each entry once, whatever is repeated and in whatever order; answers per entry. Throws only if a retry of the
   * whole may help, and then any part may have been kept.
   */
  keep(entries: readonly JournalEntry[]): Promise<readonly Kept[]>;
  /**
   * Declares everything of the shard up to `seq` kept, and makes it readable. Never goes back. `arrivedAtMs` is when
   * the last record of it arrived in the journal, for what asks how far a store has come (see `replayableUntil`).
   */
  checkpoint(shard: string, seq: string, arrivedAtMs?: number): Promise<void>;
  search(query: EventQuery, page: PageRequest): Promise<EventPage>;
  aggregate(query: EventQuery, aggregation: Aggregation): Promise<AggregationResult>;
  find(namespace: string, id: string): Promise<Event | undefined>;
  /** Every checkpoint there is. */
  position(): Promise<Position>;
  /**
   * Entries that match in `(after, checkpoint]` of each shard, at most `limit` in all. A shard that `after` does not
   * name is read from its start. `receivedFromMs` leaves out what was accepted earlier.
   */
  tail(filter: EventFilter, after: Position, limit: number, receivedFromMs?: number): Promise<TailPage>;
  eventTypes(namespace: string): Promise<readonly EventTypeSummary[]>;
  /** What is in force of types: events are kept by it, and queries are read by it. It may change while Pulse runs. */
  types(): Promise<readonly EventTypeDeclaration[]>;
  close(): Promise<void>;
}
