import { expect } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import { fromSeq, type JournalEntry, toSeq } from "#core/events/event-journal.ts";
import type { EventQuery, PageRequest } from "#core/events/event-store.ts";
import type { Position } from "#core/events/stream/position.ts";
import { expectBetween } from "#test/stores/contract/expect-between.ts";
import type { Check, Ground } from "#test/stores/contract/ground.ts";
import { aRandomAggregation, aRandomEvent, aRandomQuery } from "#test/stores/contract/random-questions.ts";
import { readTail } from "#test/stores/contract/read-tail.ts";
import { aggregateNaively } from "#test/stores/naive-aggregate.ts";
import { NaiveEventStore } from "#test/stores/naive-event-store.ts";
import { type Random, seededRandom } from "#test/support/random.ts";

const BATCHES = 8;
const EVENTS_PER_BATCH = 35;
const SEARCHES = 100;
const AGGREGATIONS = 130;
const TAILS_PER_BATCH = 3;

/**
 * The same entries go into the store and the naive one, the same questions are asked of both. What a failure says
 * begins with the seed that repeats it.
 */
export const answersAsTheNaiveStore = (seed: number): Check => ({
  name: "answers random questions about random events as the naive store does",
  check: async (ground) => {
    const comparison = startComparison(ground, seededRandom(seed));
    try {
      for (let batch = 0; batch < BATCHES; batch++) {
        await comparison.keepBatch();
        for (let tails = 0; tails < TAILS_PER_BATCH; tails++) await comparison.compareTail();
      }
      await comparison.makeAllReadable();
      for (let searches = 0; searches < SEARCHES; searches++) await comparison.compareSearch();
      for (let aggregations = 0; aggregations < AGGREGATIONS; aggregations++) await comparison.compareAggregation();
      await comparison.compareFinds();
      await comparison.compareTail();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`PULSE_SEED=${seed}, asked ${comparison.lastQuestion()}\n\n${message}`, { cause: error });
    }
  },
});

function startComparison({ store, namespace, shard, start, percentileError }: Ground, random: Random) {
  const naive = new NaiveEventStore();
  const namespaces = [namespace, `${namespace}-2`];
  const shards = ["a", "b", "c"].map((name) => `${shard}-${name}`);
  const seqs = new Map(shards.map((name) => [name, [toSeq(0, 0)]]));
  const events: Event[] = [];
  let earlier: readonly JournalEntry[] = [];
  let positions: readonly Position["shards"][] = [new Map()];
  let question = "nothing yet";

  const ask = (asked: unknown): void => {
    question = JSON.stringify(asked);
  };

  /** In both stores, and everywhere the same. */
  const checkpoint = async (name: string, seq: string): Promise<void> => {
    await naive.checkpoint(name, seq);
    await store.checkpoint(name, seq);
  };

  const lastSeq = (name: string): string => seqs.get(name)?.at(-1) ?? "";

  function nextEntry(): JournalEntry {
    const event = aRandomEvent(random, namespaces);
    events.push(event);
    if (random.chance(0.1)) return { event };
    const name = random.oneOf(shards);
    const seq = toSeq(fromSeq(lastSeq(name)).sequenceNumber + BigInt(random.integer(1, 3)), random.integer(0, 99_999));
    seqs.get(name)?.push(seq);
    return { event, point: { shard: name, seq } };
  }

  /**
   * New entries with repeats among them, in any order, then checkpoints: of some shards, and earlier ones once more.
   */
  async function keepBatch(): Promise<void> {
    const entries = Array.from({ length: EVENTS_PER_BATCH }, nextEntry);
    const batch = random.shuffled([...entries, ...random.someOf(entries, 5), ...random.someOf(earlier, 10)]);
    const expected = await naive.keep(batch);
    ask({ keep: batch });
    expect(await store.keep(batch)).toEqual(expected);
    for (const name of random.someOf(shards, 3)) await checkpoint(name, random.oneOf(seqs.get(name)?.slice(-6) ?? []));
    for (const [name, seq] of random.oneOf(positions)) await checkpoint(name, seq);
    const { shards: present } = await naive.position();
    const { shards: actual } = await store.position();
    expect([...present].map(([name]) => [name, actual.get(name)])).toEqual([...present]);
    earlier = entries;
    positions = [...positions, present];
  }

  async function makeAllReadable(): Promise<void> {
    for (const name of shards) await checkpoint(name, toSeq(fromSeq(lastSeq(name)).sequenceNumber + 1n, 0));
  }

  async function compareTail(): Promise<void> {
    const filter = aRandomQuery(random, namespaces);
    const limit = random.oneOf([4, 15, 1000]);
    const receivedFromMs = random.chance(0.3) ? random.oneOf(events).receivedAtMs : undefined;
    const from = random.oneOf(positions);
    ask({ tail: filter, from: [...from], limit, receivedFromMs });

    const expected = await readTail(naive, filter, { store: "", shards: from }, limit, receivedFromMs);
    const after = { store: start.store, shards: new Map([...start.shards, ...from]) };
    const actual = await readTail(store, filter, after, limit, receivedFromMs);

    const orderedShards = (read: typeof actual) => shards.map((name) => [name, read.shards.get(name)]);
    expect(orderedShards(actual)).toEqual(orderedShards(expected));
    const ends = (read: typeof actual) => shards.map((name) => read.position.shards.get(name));
    expect(ends(actual)).toEqual(ends(expected));
  }

  function aPage(query: EventQuery): PageRequest {
    const limit = random.oneOf([1, 7, 30, 1000]);
    if (random.chance(0.5)) return { offset: random.oneOf([0, 0, 1, 10, 500]), limit };
    const { timestampMs, id } = random.oneOf(events.filter((event) => event.namespace === query.namespace));
    return { after: random.chance(0.3) ? "start" : { timestampMs, id }, limit };
  }

  async function compareSearch(): Promise<void> {
    const query = aRandomQuery(random, namespaces);
    const page = aPage(query);
    ask({ search: query, page });

    expect(await store.search(query, page)).toEqual(await naive.search(query, page));
  }

  async function compareAggregation(): Promise<void> {
    const query = aRandomQuery(random, namespaces);
    const aggregation = aRandomAggregation(random);
    ask({ aggregate: query, aggregation });

    const answer = await store.aggregate(query, aggregation);

    const matching = await naive.search(query, { offset: 0, limit: events.length });
    const low = aggregateNaively(matching.events, aggregation, (count) => -percentileError(count));
    const high = aggregateNaively(matching.events, aggregation, percentileError);
    expectBetween(answer, low, high);
  }

  async function compareFinds(): Promise<void> {
    for (const { id } of random.shuffled(events).slice(0, 20))
      for (const place of namespaces) {
        ask({ find: id, in: place });
        expect(await store.find(place, id)).toEqual(await naive.find(place, id));
      }
    for (const place of namespaces) {
      ask({ eventTypes: place });
      const summed = async (asked: typeof store) =>
        (await asked.eventTypes(place)).map(({ index, ...summary }) => JSON.stringify(summary)).sort();
      expect(await summed(store)).toEqual(await summed(naive));
    }
  }

  return {
    keepBatch,
    makeAllReadable,
    compareTail,
    compareSearch,
    compareAggregation,
    compareFinds,
    lastQuestion: () => question,
  };
}
