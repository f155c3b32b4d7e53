import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Event } from "#core/events/event.ts";
import type { EventQuery } from "#core/events/event-store.ts";
import type { Aggregation, GroupBy } from "#core/events/query/aggregation.ts";
import { everyEvent, matches } from "#core/events/query/event-filter.ts";
import { uuidV7 } from "#core/uuid.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { aggregateNaively } from "#test/stores/naive-aggregate.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

const HOUR_MS = 60 * 60 * 1000;
const TAGS = ["a", "b", "c", "d"];

const someTags = fc.uniqueArray(fc.constantFrom(...TAGS));
/** Hours around 1970, so that ranges begin and end inside days, at their edges and on both sides of zero. */
const someInstant = fc.integer({ min: -60, max: 60 }).map((hours) => hours * HOUR_MS);
const someEvent = fc.record({
  tags: fc.uniqueArray(fc.constantFrom(...TAGS), { minLength: 1 }),
  type: fc.constantFrom("metrics", "health", "haproxy"),
  timestampMs: someInstant,
  value: fc.constantFrom("1", '"text"'),
});
const someQuery = fc.record({
  tags: someTags,
  any: someTags,
  none: someTags,
  types: fc.uniqueArray(fc.constantFrom("metrics", "health", "haproxy")),
  fromMs: someInstant,
  toMs: someInstant,
  numeric: fc.boolean(),
});

const isMeant = (query: Required<Omit<EventQuery, "receivedFromMs" | "receivedToMs">>, event: Event): boolean =>
  matches(query, event) &&
  event.timestampMs >= query.fromMs &&
  event.timestampMs <= query.toMs &&
  (!query.numeric || event.value === "1");

describe("totals from sets", () => {
  test("are what counting the matching events one by one gives, whatever is asked between batches", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.array(someEvent, { maxLength: 20 }), fc.array(someQuery, { maxLength: 5 }))),
        async (rounds) => {
          const database = openDatabase(":memory:");
          const store = new EmbeddedEventStore({ database });
          const all: Event[] = [];
          for (const [drafts, queries] of rounds) {
            const events = drafts.map((draft) => anEvent(draft));
            all.push(...events);
            await store.keep(events.map((event) => ({ event })));
            for (const wanted of queries) {
              const query = { ...everyEvent("default"), ...wanted };
              const { total } = await store.search(query, { offset: 0, limit: 1 });
              expect(total).toBe(all.filter((event) => isMeant(query, event)).length);
            }
          }
          database.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  test("are exact where a day holds more events than one block, of dense tags and of rare ones", async () => {
    const database = openDatabase(":memory:");
    const store = new EmbeddedEventStore({ database });
    const events = Array.from({ length: 20_000 }, (_, index) =>
      anEvent({
        id: uuidV7(index),
        timestampMs: index,
        type: index % 2 === 0 ? "metrics" : "health",
        tags: ["every", ...(index % 3 === 0 ? ["third"] : []), ...(index % 2000 === 0 ? ["rare"] : [])],
      }),
    );
    await store.keep(events.map((event) => ({ event })));

    const totalOf = async (query: Partial<EventQuery>, page = { offset: 0, limit: 1 }) =>
      (await store.search({ ...everyEvent("default"), ...query }, page)).total;

    expect(await totalOf({ tags: ["every"] })).toBe(20_000);
    expect(await totalOf({ tags: ["every", "third"] })).toBe(6667);
    expect(await totalOf({ tags: ["every"], none: ["third"] })).toBe(13_333);
    expect(await totalOf({ tags: ["every", "third"], fromMs: 3, toMs: 17_999 })).toBe(5999);
    expect(await totalOf({ tags: ["every"], types: ["health"] })).toBe(10_000);
    for (const page of [1, 10, 11].map((limit) => ({ offset: 0, limit }))) {
      expect(await totalOf({ tags: ["every", "rare"] }, page)).toBe(10);
      expect(await totalOf({ tags: ["rare"], types: ["metrics"] }, page)).toBe(10);
      expect(await totalOf({ tags: ["rare"], types: ["health"] }, page)).toBe(0);
      expect(await totalOf({ tags: ["rare"], none: ["third"] }, page)).toBe(6);
      expect(await totalOf({ any: ["rare", "third"], tags: ["rare"] }, page)).toBe(10);
    }
    expect(await totalOf({ tags: ["every", "rare"] }, { offset: 9, limit: 5 })).toBe(10);
    expect(await totalOf({ tags: ["every", "rare"] }, { offset: 20, limit: 5 })).toBe(10);
    database.close();
  });

  test("are the sizes beside the tags' names where all time is asked for, whatever was kept and forgotten", async () => {
    const database = openDatabase(":memory:");
    const store = new EmbeddedEventStore({ database });
    const eventOf = (receivedAtMs: number) => (_: unknown, index: number) =>
      anEvent({
        timestampMs: index * HOUR_MS,
        receivedAtMs,
        type: "health",
        tags: ["every", `third:${index % 3}`],
        value: index % 2 === 0 ? "1" : '"text"',
      });
    const old = Array.from({ length: 700 }, eventOf(0));
    const recent = Array.from({ length: 300 }, eventOf(1000 * 24 * HOUR_MS));
    for (const events of [old, recent]) await store.keep(events.map((event) => ({ event })));
    const totalOf = async (tag: string, time: Partial<EventQuery> = {}) =>
      (await store.search({ ...everyEvent("default"), tags: [tag], ...time }, { offset: 0, limit: 1 })).total;
    const tenthDay = 10 * 24 * HOUR_MS;
    const wrong = `
      SELECT tag, size FROM tag
      WHERE size <> (SELECT coalesce(sum(s.size), 0) FROM tag_set s WHERE s.tag_id = tag.tag_id)`;

    expect([await totalOf("every"), await totalOf("third:1")]).toEqual([1000, 333]);
    expect(await totalOf("every", { toMs: tenthDay - 1 })).toBe(480);
    expect(await totalOf("every", { fromMs: tenthDay })).toBe(520);
    expect(database.all(wrong)).toEqual([]);

    await store.forget(1000 * 24 * HOUR_MS);

    expect([await totalOf("every"), await totalOf("third:1")]).toEqual([300, 100]);
    expect(database.all(wrong)).toEqual([]);
    database.close();
  });
});

describe("groups by tag from sets", () => {
  test("are what walking through the events gives, of many events and few, of many tags and few", async () => {
    const database = openDatabase(":memory:");
    const store = new EmbeddedEventStore({ database });
    const events = Array.from({ length: 6_000 }, (_, index) =>
      anEvent({
        id: uuidV7(index),
        timestampMs: (index * 370_001) % (72 * HOUR_MS),
        tags: ["every", `third:${index % 3}`, `many:${(index * index) % 307}`, `one:${index}`],
        type: index % 7 === 0 ? "health" : "metrics",
        value: index % 5 === 0 ? "1" : '"text"',
      }),
    );
    await store.keep(events.map((event) => ({ event })));
    const groupsOf = async (wanted: Partial<EventQuery>, generic?: string) => {
      const query = { ...everyEvent("default"), fromMs: 0, toMs: 72 * HOUR_MS, numeric: false, ...wanted };
      const groupBy: GroupBy = { by: "tag", ...(generic !== undefined && { generic }) };
      const aggregation: Aggregation = { aggregator: { type: "count" }, size: 1000, groupBy };
      const matching = events.filter((event) => isMeant(query, event));
      expect(matching.length).toBeGreaterThan(0);
      return [await store.aggregate(query, aggregation), aggregateNaively(matching, aggregation)];
    };

    for (const wanted of [
      {},
      { types: ["metrics"] },
      { tags: ["third:1"] },
      { tags: ["third:1"], numeric: true, none: ["many:4"] },
      { any: ["third:0", "many:9", "many:16"], fromMs: HOUR_MS },
      { fromMs: 5 * HOUR_MS, toMs: 11 * HOUR_MS },
      { toMs: 24 * HOUR_MS - 1 },
      { fromMs: 24 * HOUR_MS },
      { tags: ["one:77"] },
    ])
      for (const generic of [undefined, "third", "many", "one"]) {
        const [answer, expected] = await groupsOf(wanted, generic);
        expect({ wanted, generic, answer }).toEqual({ wanted, generic, answer: expected });
      }
    database.close();
  });
});
