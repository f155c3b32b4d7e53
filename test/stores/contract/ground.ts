import { randomBytes } from "node:crypto";
import { expect } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import { type JournalEntry, toSeq } from "#core/events/event-journal.ts";
import type { EventQuery, EventStore } from "#core/events/event-store.ts";
import type { Aggregation, AggregationResult } from "#core/events/query/aggregation.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import type { Position } from "#core/events/stream/position.ts";
import type { RankShift } from "#test/stores/naive-aggregate.ts";
import { anEntry, anEvent } from "#test/support/samples/an-event.ts";

/** One promise of the contract: what it says, and how it is tried on a store. */
export interface Check {
  readonly name: string;
  readonly check: (ground: Ground) => Promise<void>;
}

/** A store as one check sees it: a namespace and a shard that nothing else uses. */
export interface Ground {
  readonly store: EventStore;
  readonly namespace: string;
  readonly shard: string;
  /** Where the store was when the check began. */
  readonly start: Position;
  /** See `EventStoreTraits`. */
  readonly percentileError: RankShift;
  /** Everything in the namespace, but for what is said otherwise. */
  query(wanted?: Partial<EventQuery>): EventQuery;
  /** Keeps events as the next entries of the shard and makes them readable. */
  keep(drafts: readonly Partial<Event>[]): Promise<Event[]>;
  /** Keeps entries, expects that none is refused, and makes what they touch readable. */
  keepEntries(entries: readonly JournalEntry[]): Promise<void>;
  /** The first thousand events of a query. */
  search(wanted?: Partial<EventQuery>): Promise<readonly Event[]>;
  aggregate(aggregation: Partial<Aggregation>, wanted?: Partial<EventQuery>): Promise<AggregationResult>;
}

/** In what an engine may differ without breaking a promise. */
export interface EventStoreTraits {
  /** How many ranks its percentiles may be off, given how many numbers there are. Without it they are exact. */
  readonly percentileError?: RankShift;
}

export async function openGround(store: EventStore, traits: EventStoreTraits = {}): Promise<Ground> {
  const namespace = `t-${randomBytes(5).toString("hex")}`;
  const shard = `events/${namespace}`;
  let sequenceNumber = 0;

  const query: Ground["query"] = (wanted = {}) => ({ ...everyEvent(namespace), ...wanted });

  const keepEntries: Ground["keepEntries"] = async (entries) => {
    const kept = await store.keep(entries);
    expect(kept).toEqual(entries.map(() => ({ kept: true })));
    await store.checkpoint(shard, toSeq(++sequenceNumber, 0));
  };

  return {
    store,
    namespace,
    shard,
    start: await store.position(),
    percentileError: traits.percentileError ?? (() => 0),
    query,
    keepEntries,
    keep: async (drafts) => {
      const events = drafts.map((draft) => anEvent({ namespace, ...draft }));
      await keepEntries(events.map((event) => anEntry(event, shard, ++sequenceNumber)));
      return events;
    },
    search: async (wanted) => (await store.search(query(wanted), { offset: 0, limit: 1000 })).events,
    aggregate: (aggregation, wanted) =>
      store.aggregate(query(wanted), { aggregator: { type: "count" }, size: 100, ...aggregation }),
  };
}
