import { expect } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import { toSeq } from "#core/events/event-journal.ts";
import type { EventFilter } from "#core/events/query/event-filter.ts";
import { matches } from "#core/events/query/event-filter.ts";
import type { Check, Ground } from "#test/stores/contract/ground.ts";
import { readTail } from "#test/stores/contract/read-tail.ts";
import { anEntry, anEvent, RECEIVED_AT_MS } from "#test/support/samples/an-event.ts";

/** Events kept as records 1, 2, 3 … of the shard, but not yet declared readable. */
async function keepUnread({ store, namespace, shard }: Ground, count: number, drafts: Partial<Event> = {}) {
  const events = Array.from({ length: count }, (_, index) => anEvent({ namespace, value: String(index), ...drafts }));
  await store.keep(events.map((event, index) => anEntry(event, shard, index + 1)));
  return events;
}

export const tailingChecks: readonly Check[] = [
  {
    name: "tails what lies up to the checkpoint and nothing beyond it",
    check: async (ground) => {
      const { store, shard, query, start } = ground;
      const events = await keepUnread(ground, 6);
      const tailed = async () => (await readTail(store, query(), start, 100)).events;

      expect(await tailed()).toEqual([]);
      await store.checkpoint(shard, toSeq(4, 0));
      expect(await tailed()).toEqual(events.slice(0, 4));
      await store.checkpoint(shard, toSeq(6, 0));
      expect(await tailed()).toEqual(events);
    },
  },
  {
    name: "ignores a checkpoint that would go back",
    check: async (ground) => {
      const { store, shard, query, start } = ground;
      const events = await keepUnread(ground, 4);

      await store.checkpoint(shard, toSeq(4, 0));
      await store.checkpoint(shard, toSeq(2, 0));
      await Promise.all([toSeq(1, 0), toSeq(3, 99_999), toSeq(0, 0)].map((seq) => store.checkpoint(shard, seq)));

      expect((await store.position()).shards.get(shard)).toBe(toSeq(4, 0));
      expect((await readTail(store, query(), start, 100)).events).toEqual(events);
    },
  },
  {
    name: "leaves the greatest of many checkpoints that are set at once",
    check: async ({ store, shard }) => {
      const order = [3, 9, 1, 7, 5, 8, 2, 6, 4];

      await Promise.all(order.map((sequenceNumber) => store.checkpoint(shard, toSeq(sequenceNumber, 0))));

      expect((await store.position()).shards.get(shard)).toBe(toSeq(9, 0));
    },
  },
  {
    name: "names every shard's checkpoint in its position, and always the same store",
    check: async ({ store, shard, start }) => {
      await store.checkpoint(shard, toSeq(7, 3));
      await store.checkpoint(`${shard}-2`, toSeq(1, 0));

      const position = await store.position();

      expect(position.store).toBe(start.store);
      expect(position.store).not.toBe("");
      expect(position.shards.get(shard)).toBe(toSeq(7, 3));
      expect(position.shards.get(`${shard}-2`)).toBe(toSeq(1, 0));
      for (const known of start.shards.keys()) expect(position.shards.has(known)).toBe(true);
    },
  },
  {
    name: "tails nothing after its own position, and then only what comes later",
    check: async ({ store, keep, query }) => {
      await keep([{}, {}]);
      const position = await store.position();

      const nothing = await store.tail(query(), position, 100);
      const [later] = await keep([{}]);
      const next = await store.tail(query(), position, 100);

      expect(nothing).toMatchObject({ entries: [], caughtUp: true });
      expect(next.entries.map(({ event }) => event)).toEqual([later]);
    },
  },
  {
    name: "ends at the checkpoint of every shard when it has caught up, also where nothing matched",
    check: async ({ store, shard, keep, query, start }) => {
      await keep([{}, {}, {}]);
      const checkpoint = (await store.position()).shards.get(shard);

      for (const tags of [["tests"], ["absent"]]) {
        const { position } = await readTail(store, query({ tags }), start, 2);
        expect(position.store).toBe(start.store);
        expect(position.shards.get(shard)).toBe(checkpoint);
      }
    },
  },
  {
    name: "tails in the order of the journal, whatever the order of keeping, timestamps and ids",
    check: async ({ store, namespace, shard, query, start }) => {
      const places = [
        [1, 0],
        [1, 1],
        [1, 10],
        [2, 0],
        [9, 0],
        [10, 2],
        [100, 0],
      ] as const;
      const entries = places.map(([record, offset], index) =>
        anEntry(anEvent({ namespace, timestampMs: RECEIVED_AT_MS - index * 1000 }), shard, record, offset),
      );

      await store.keep([4, 1, 6, 0].flatMap((index) => entries[index] ?? []));
      await store.keep([5, 3, 2].flatMap((index) => entries[index] ?? []));
      await store.checkpoint(shard, toSeq(100, 0));

      const { shards } = await readTail(store, query(), start, 3);
      expect(shards.get(shard)).toEqual(entries);
    },
  },
  {
    name: "tells sequence numbers of 56 digits apart by their last one",
    check: async ({ store, namespace, shard, query, start }) => {
      const first = 49590338271490256608559692538361571095921575989136588898n;
      const entries = [0n, 1n, 2n, 3n].map((step) => anEntry(anEvent({ namespace }), shard, first + step));
      await store.keep(entries);
      await store.checkpoint(shard, toSeq(first + 2n, 0));

      const after = { store: start.store, shards: new Map([...start.shards, [shard, toSeq(first, 0)]]) };
      const { shards } = await readTail(store, query(), after, 1);

      expect(shards.get(shard)).toEqual(entries.slice(1, 3));
    },
  },
  {
    name: "tails several shards, each from where the position left it, and one it does not name from its start",
    check: async ({ store, namespace, shard, query, start }) => {
      const names = [shard, `${shard}0`, `${shard}-new`, `haproxy-logs/${namespace}`];
      const entries = names.map((name) =>
        Array.from({ length: 5 }, (_, index) => anEntry(anEvent({ namespace }), name, index + 1)),
      );
      await store.keep(entries.flat().reverse());
      for (const name of names) await store.checkpoint(name, toSeq(4, 0));
      const after = {
        store: start.store,
        shards: new Map([...start.shards, [names[0] ?? "", toSeq(2, 0)], [names[1] ?? "", toSeq(3, 99_999)]]),
      };

      for (const limit of [1, 2, 7, 100]) {
        const { shards } = await readTail(store, query(), after, limit);
        expect(names.map((name) => shards.get(name))).toEqual([
          entries[0]?.slice(2, 4),
          entries[1]?.slice(3, 4),
          entries[2]?.slice(0, 4),
          entries[3]?.slice(0, 4),
        ]);
      }
    },
  },
  {
    name: "tails all of a shard that had ended when another began before anything of that one",
    check: async ({ store, namespace, shard, query, start }) => {
      const generations = [`${shard}-z`, `${shard}-m`, `${shard}-a`];
      const events: Event[] = [];
      for (const name of generations) {
        for (const [first, last] of [
          [1, 3],
          [4, 5],
        ] as const) {
          const entries = Array.from({ length: last - first + 1 }, (_, index) =>
            anEntry(anEvent({ namespace }), name, first + index),
          );
          await store.keep(entries);
          await store.checkpoint(name, toSeq(last, 0));
          events.push(...entries.map(({ event }) => event));
        }
      }

      for (const limit of [1, 2, 7, 100]) {
        expect((await readTail(store, query(), start, limit)).events).toEqual(events);
      }
    },
  },
  {
    name: "takes a shard that has no checkpoint for done",
    check: async ({ store, namespace, keep, query, start }) => {
      const [event] = await keep([{}]);
      const after = {
        store: start.store,
        shards: new Map([...start.shards, [`events/gone-${namespace}`, toSeq(5, 0)]]),
      };

      expect((await readTail(store, query(), after, 10)).events).toEqual([event]);
    },
  },
  {
    name: "never tails entries that have no place in the journal",
    check: async ({ store, namespace, shard, keepEntries, query, search, start }) => {
      const [replayed, appended] = [anEvent({ namespace }), anEvent({ namespace })];

      await keepEntries([{ event: replayed }, anEntry(appended, shard, 1)]);

      expect((await readTail(store, query(), start, 100)).events).toEqual([appended]);
      expect(await search()).toEqual([appended, replayed]);
    },
  },
  {
    name: "tails on from page to page, past much that does not match, without a gap or a repeat",
    check: async ({ store, keep, query, start }) => {
      const events = await keep(
        Array.from({ length: 700 }, (_, index) => ({ tags: index % 97 === 5 ? ["rare", "tests"] : ["tests"] })),
      );

      for (const limit of [1, 3, 1000]) {
        const rare = await readTail(store, query({ tags: ["rare"] }), start, limit);
        expect(rare.events).toEqual(events.filter((event) => event.tags.includes("rare")));
      }
      expect((await readTail(store, query(), start, 99)).events).toEqual(events);
    },
  },
  {
    name: "tails exactly the events that the filter matches",
    check: async ({ store, namespace, keep, query, start }) => {
      const drafts = ["event", "health", "haproxy", "Foo", "foo"].flatMap((type) =>
        [["a"], ["a", "b"], ["b", "c"], ["A"]].map((tags, index) => ({ type, tags, value: `{"ST":20${index}}` })),
      );
      const events = await keep([...drafts, { namespace: `${namespace}-2`, tags: ["a"] }]);
      const filters: readonly Partial<EventFilter>[] = [
        {},
        { tags: ["a"] },
        { tags: ["a", "b"] },
        { any: ["b", "A"] },
        { none: ["b"] },
        { tags: ["b"], any: ["a", "c"], none: ["c"] },
        { types: ["foo"] },
        { types: ["haproxy"] },
        { types: ["haproxy", "health"], tags: ["a"] },
        { types: ["haproxy"], conditions: [{ field: "ST", oneOf: [201, 203] }] },
        { types: ["haproxy"], conditions: [{ field: "ST", gt: 200, lt: 203 }], none: ["c"] },
        { namespace: `${namespace}-2` },
      ];

      for (const filter of filters) {
        const { events: tailed } = await readTail(store, query(filter), start, 6);
        expect({ filter, tailed }).toEqual({ filter, tailed: events.filter((event) => matches(query(filter), event)) });
      }
    },
  },
  {
    name: "leaves out of a tail what was accepted before a given time",
    check: async ({ store, keep, query, start }) => {
      const [, atTheTime, after] = await keep(
        [-1, 0, 1].map((offset) => ({ receivedAtMs: RECEIVED_AT_MS + offset, timestampMs: RECEIVED_AT_MS - offset })),
      );

      const { events } = await readTail(store, query(), start, 1, RECEIVED_AT_MS);

      expect(events).toEqual([atTheTime, after]);
    },
  },
  {
    name: "answers tailed entries with their place in the journal",
    check: async ({ store, namespace, shard, query, start }) => {
      const entry = anEntry(anEvent({ namespace, type: "haproxy", value: '{"b":"x"}' }), shard, 12, 34);
      await store.keep([entry]);
      await store.checkpoint(shard, entry.point.seq);

      const { entries } = await store.tail(query({ types: ["haproxy"] }), start, 100);

      expect(entries).toEqual([entry]);
    },
  },
];
