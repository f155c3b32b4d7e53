import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Aggregation, GroupBy } from "#core/events/aggregation.ts";
import type { Event } from "#core/events/event.ts";
import { everyEvent, matches } from "#core/events/event-filter.ts";
import type { EventQuery } from "#core/events/event-store.ts";
import { uuidV7 } from "#core/events/uuid.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { aggregateNaively } from "#test/stores/naive-aggregate.ts";
import { anEvent } from "#test/support/an-event.ts";

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

const isMeant = (query: Required<EventQuery>, event: Event): boolean =>
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

  test("are exact where a day holds more events than one block", async () => {
    const database = openDatabase(":memory:");
    const store = new EmbeddedEventStore({ database });
    const events = Array.from({ length: 20_000 }, (_, index) =>
      anEvent({ id: uuidV7(index), timestampMs: index, tags: index % 3 === 0 ? ["every", "third"] : ["every"] }),
    );
    await store.keep(events.map((event) => ({ event })));

    const totalOf = async (query: Partial<EventQuery>) =>
      (await store.search({ ...everyEvent("default"), ...query }, { offset: 0, limit: 1 })).total;

    expect(await totalOf({ tags: ["every"] })).toBe(20_000);
    expect(await totalOf({ tags: ["every", "third"] })).toBe(6667);
    expect(await totalOf({ tags: ["every"], none: ["third"] })).toBe(13_333);
    expect(await totalOf({ tags: ["every", "third"], fromMs: 3, toMs: 17_999 })).toBe(5999);
  });
});

describe("groups by tag from sets", () => {
  test("are what walking through the events gives, of many events and few, of many tags and few", async () => {
    const database = openDatabase(":memory:");
    const store = new EmbeddedEventStore({ database });
    const events = Array.from({ length: 20_000 }, (_, index) =>
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
      { tags: ["one:77"] },
    ])
      for (const generic of [undefined, "third", "many"]) {
        const [answer, expected] = await groupsOf(wanted, generic);
        expect({ wanted, generic, answer }).toEqual({ wanted, generic, answer: expected });
      }
    database.close();
  });
});
