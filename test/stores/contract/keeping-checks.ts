import { expect } from "@jest/globals";
import type { Check } from "#test/stores/contract/ground.ts";
import { readTail } from "#test/stores/contract/read-tail.ts";
import { anEntry, anEvent } from "#test/support/samples/an-event.ts";

const eventsNamed = (namespace: string, count: number) =>
  Array.from({ length: count }, (_, index) => anEvent({ namespace, value: String(index) }));

export const keepingChecks: readonly Check[] = [
  {
    name: "answers an event with everything it was kept with",
    check: async ({ store, namespace, keep, search }) => {
      const [event] = await keep([
        {
          type: "Deploy-2_x",
          tags: ["z", "services:front:0.2", "services", "a"],
          value: '{"b":1,"a":[true,null]}',
          timestamp: "2026-03-15T13:59:59.123456789+02:00",
          timestampMs: Date.UTC(2026, 2, 15, 11, 59, 59, 123),
        },
      ]);

      expect(await search()).toEqual([event]);
      expect(await store.find(namespace, event?.id ?? "")).toEqual(event);
    },
  },
  {
    name: "keeps nothing of an empty batch and answers so",
    check: async ({ store }) => {
      expect(await store.keep([])).toEqual([]);
    },
  },
  {
    name: "keeps an entry once however often it comes again",
    check: async ({ store, namespace, shard, keepEntries, search, query, start }) => {
      const entries = eventsNamed(namespace, 6).map((event, index) => anEntry(event, shard, index + 1));

      for (let times = 0; times < 3; times++) await keepEntries(entries);
      await store.checkpoint(shard, entries[5]?.point.seq ?? "");

      expect(await search()).toEqual(entries.map(({ event }) => event).reverse());
      expect((await readTail(store, query(), start, 100)).events).toEqual(entries.map(({ event }) => event));
    },
  },
  {
    name: "keeps entries once that come in another order and in overlapping batches",
    check: async ({ store, namespace, shard, keepEntries, search, aggregate, query, start }) => {
      const entries = eventsNamed(namespace, 9).map((event, index) => anEntry(event, shard, index + 1));

      await keepEntries(entries.slice(3, 7));
      await keepEntries(entries.slice(0, 5).reverse());
      await keepEntries([...entries].reverse());
      await store.checkpoint(shard, entries[8]?.point.seq ?? "");

      const events = entries.map(({ event }) => event);
      expect(await search()).toEqual([...events].reverse());
      expect(await aggregate({ aggregator: { type: "sum", field: { kind: "number" } } })).toEqual({ value: 36 });
      expect((await readTail(store, query(), start, 4)).events).toEqual(events);
    },
  },
  {
    name: "keeps an entry once that is twice in one batch, and answers for both",
    check: async ({ store, namespace, shard, keepEntries, search, aggregate, query, start }) => {
      const one = anEntry(anEvent({ namespace, value: '"one"' }), shard, 1);
      const other = anEntry(anEvent({ namespace, value: '"other"' }), shard, 2);

      await keepEntries([one, other, one, one]);
      await store.checkpoint(shard, other.point.seq);

      expect(await search()).toEqual([other.event, one.event]);
      expect(await aggregate({})).toEqual({ value: 2 });
      expect((await readTail(store, query(), start, 100)).events).toEqual([one.event, other.event]);
    },
  },
  {
    name: "keeps an event once that the journal holds twice",
    check: async ({ store, namespace, shard, keepEntries, search, query, start }) => {
      const event = anEvent({ namespace });

      await keepEntries([anEntry(event, shard, 1)]);
      await keepEntries([anEntry(event, shard, 2)]);
      await keepEntries([anEntry(event, `${shard}-other`, 1)]);
      await store.checkpoint(`${shard}-other`, anEntry(event, shard, 1).point.seq);

      expect(await search()).toEqual([event]);
      expect((await readTail(store, query(), start, 100)).events).toEqual([event]);
    },
  },
  {
    name: "keeps entries once that several writers keep at the same time",
    check: async ({ namespace, shard, store, keepEntries, search, aggregate }) => {
      const entries = eventsNamed(namespace, 60).map((event, index) => anEntry(event, shard, index + 1));
      const batches = [0, 10, 20, 30, 40].flatMap((from) => [
        entries.slice(from, from + 20),
        entries.slice(from, from + 20).reverse(),
      ]);

      const answers = await Promise.all(batches.map((batch) => store.keep(batch)));
      await keepEntries([]);
      await store.checkpoint(shard, entries[59]?.point.seq ?? "");

      expect(answers).toEqual(batches.map((batch) => batch.map(() => ({ kept: true }))));
      expect(await search()).toEqual(entries.map(({ event }) => event).reverse());
      expect(await aggregate({})).toEqual({ value: 60 });
    },
  },
  {
    name: "keeps replayed entries, which have no place in the journal",
    check: async ({ namespace, shard, keepEntries, search }) => {
      const [replayed, appended] = [anEvent({ namespace }), anEvent({ namespace })];

      await keepEntries([{ event: replayed }, anEntry(appended, shard, 1)]);

      expect(await search()).toEqual([appended, replayed]);
    },
  },
  {
    name: "finds an event by its id, whatever its type, and nothing else",
    check: async ({ store, namespace, keep }) => {
      const [plain, haproxy] = await keep([{ type: "health" }, { type: "haproxy", value: '{"ST":200}' }]);

      expect(await store.find(namespace, plain?.id ?? "")).toEqual(plain);
      expect(await store.find(namespace, haproxy?.id ?? "")).toEqual(haproxy);
      for (const unknown of [anEvent().id, "*", "", "not an id", '"', (plain?.id ?? "").slice(0, -1)])
        expect(await store.find(namespace, unknown)).toBeUndefined();
    },
  },
  {
    name: "sums up each type that has events, haproxy too, by its exact name",
    check: async ({ store, namespace, keep }) => {
      await keep([
        { type: "metrics", timestamp: "2026-01-01T00:00:00.007Z" },
        { type: "metrics", timestamp: "2025-01-01T00:00:00Z" },
        { type: "haproxy", timestamp: "1969-12-31T23:59:59Z" },
        { type: "Foo", timestamp: "2024-01-01T00:00:00Z" },
        { type: "foo", timestamp: "2023-01-01T00:00:00Z" },
      ]);

      const summaries = await store.eventTypes(namespace);

      expect(summaries.map(({ type, count, newestMs }) => [type, count, newestMs]).sort()).toEqual([
        ["Foo", 1, Date.UTC(2024, 0)],
        ["foo", 1, Date.UTC(2023, 0)],
        ["haproxy", 1, -1000],
        ["metrics", 2, Date.UTC(2026, 0) + 7],
      ]);
      expect(summaries.map(({ index }) => index)).not.toContain("");
    },
  },
  {
    name: "keeps namespaces apart, even where one is named like the beginning of another, or like a type",
    check: async ({ store, namespace, keep, query }) => {
      const others = [`${namespace}-2`, namespace.slice(0, -1), "2026-03"];
      const [own, ...foreign] = await keep([
        { tags: ["x"] },
        ...others.map((other) => ({ namespace: other, tags: ["x"] })),
      ]);
      const everything = { offset: 0, limit: 1000 };

      expect(await store.search(query(), everything)).toEqual({ events: [own], total: 1 });
      expect(await store.aggregate(query(), { aggregator: { type: "count" }, size: 10 })).toEqual({ value: 1 });
      expect(await store.eventTypes(namespace)).toMatchObject([{ type: "event", count: 1 }]);
      for (const event of foreign) {
        expect(await store.find(namespace, event.id)).toBeUndefined();
        const theirs = await store.search(query({ namespace: event.namespace, tags: ["x"] }), everything);
        expect(theirs.events).toContainEqual(event);
        expect(theirs.events).not.toContainEqual(own);
      }
    },
  },
  {
    name: "keeps two events where two namespaces use the same id",
    check: async ({ store, namespace, keep, search }) => {
      const [ours] = await keep([{ value: '"ours"' }]);
      const [theirs] = await keep([{ ...ours, namespace: `${namespace}-2`, value: '"theirs"' }]);

      expect(await search()).toEqual([ours]);
      expect(await search({ namespace: `${namespace}-2` })).toEqual([theirs]);
      expect(await store.find(`${namespace}-2`, ours?.id ?? "")).toEqual(theirs);
    },
  },
];
