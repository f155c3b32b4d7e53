import { expect } from "@jest/globals";
import type { FieldCondition } from "#core/events/query/event-filter.ts";
import type { Check } from "#test/stores/contract/ground.ts";
import { RECEIVED_AT_MS } from "#test/support/samples/an-event.ts";

const at = (timestamp: string) => ({ timestamp });

export const searchingChecks: readonly Check[] = [
  {
    name: "finds the events that carry all of the tags",
    check: async ({ keep, search }) => {
      const [both, onlyA, , all] = await keep([
        { tags: ["a", "b"] },
        { tags: ["a"] },
        { tags: ["b"] },
        { tags: ["c", "b", "a"] },
      ]);

      expect(await search({ tags: ["a", "b"] })).toEqual([all, both]);
      expect(await search({ tags: ["b", "a", "c", "b"] })).toEqual([all]);
      expect(await search({ tags: ["a"] })).toEqual([all, onlyA, both]);
      expect(await search({ tags: ["a", "absent"] })).toEqual([]);
    },
  },
  {
    name: "finds the events that carry any of some tags, and none of others",
    check: async ({ keep, search }) => {
      const [ab, ac, b, d] = await keep([{ tags: ["a", "b"] }, { tags: ["a", "c"] }, { tags: ["b"] }, { tags: ["d"] }]);

      expect(await search({ any: ["b", "c"] })).toEqual([b, ac, ab]);
      expect(await search({ any: ["absent"] })).toEqual([]);
      expect(await search({ none: ["a"] })).toEqual([d, b]);
      expect(await search({ none: ["a", "d", "absent"] })).toEqual([b]);
      expect(await search({ tags: ["a"], any: ["b", "c"], none: ["b"] })).toEqual([ac]);
      expect(await search({ tags: ["a"], none: ["a"] })).toEqual([]);
    },
  },
  {
    name: "finds a tag only as a whole and in its own case",
    check: async ({ keep, search }) => {
      const [event] = await keep([{ tags: ["Gateways:sava/9050", "Gateways"] }]);

      expect(await search({ tags: ["Gateways:sava/9050"] })).toEqual([event]);
      for (const tag of ["gateways:sava/9050", "Gateways:sava", "sava/9050", "Gateways:", "Gateways:*", ""])
        expect(await search({ tags: [tag] })).toEqual([]);
    },
  },
  {
    name: "finds the events of any of some types, by their exact names",
    check: async ({ keep, search }) => {
      const [health, upper, lower, metrics] = await keep([
        { type: "health" },
        { type: "Foo" },
        { type: "foo" },
        { type: "metrics" },
      ]);

      expect(await search({ types: ["health", "metrics"] })).toEqual([metrics, health]);
      expect(await search({ types: ["Foo"] })).toEqual([upper]);
      expect(await search({ types: ["foo"] })).toEqual([lower]);
      expect(await search({ types: ["FOO", "healt", "health*", "absent"] })).toEqual([]);
      expect(await search()).toEqual([metrics, lower, upper, health]);
    },
  },
  {
    name: "finds haproxy events only when their type is asked for",
    check: async ({ keep, search, aggregate }) => {
      const [plain, log, likeIt, spelt] = await keep([
        { type: "event" },
        { type: "haproxy", value: '{"ST":503}' },
        { type: "haproxy-x" },
        { type: "HAProxy" },
      ]);

      expect(await search()).toEqual([likeIt, plain]);
      expect(await search({ tags: ["tests"] })).toEqual([likeIt, plain]);
      expect(await search({ any: ["tests"] })).toEqual([likeIt, plain]);
      expect(await search({ types: ["haproxy"] })).toEqual([log]);
      expect(await search({ types: ["HAProxy"] })).toEqual([spelt]);
      expect(await search({ types: ["haproxy", "event"] })).toEqual([log, plain]);
      expect(await aggregate({ groupBy: { by: "type" } })).toEqual({
        groups: [
          { key: "event", count: 1, value: 1 },
          { key: "haproxy-x", count: 1, value: 1 },
        ],
      });
    },
  },
  {
    name: "finds the events of an instant or of a time, both ends included, to the millisecond",
    check: async ({ keep, search }) => {
      const noon = Date.UTC(2026, 2, 15, 12);
      const [before, first, second, after] = await keep([
        { timestampMs: noon - 1 },
        { timestampMs: noon },
        { timestampMs: noon + 1 },
        { timestampMs: noon + 2 },
      ]);

      expect(await search({ fromMs: noon, toMs: noon })).toEqual([first]);
      expect(await search({ fromMs: noon, toMs: noon + 1 })).toEqual([second, first]);
      expect(await search({ fromMs: noon + 1 })).toEqual([after, second]);
      expect(await search({ toMs: noon - 1 })).toEqual([before]);
      expect(await search({ toMs: noon - 2 })).toEqual([]);
      expect(await search({ fromMs: noon + 1, toMs: noon })).toEqual([]);
    },
  },
  {
    name: "finds, counts and groups the events that were accepted in a time, both ends included, whenever they happened",
    check: async ({ keep, search, aggregate }) => {
      const atMs = RECEIVED_AT_MS;
      const tags = ["g:1"];
      const [before, first, old, last] = await keep([
        { tags, receivedAtMs: atMs - 1 },
        { tags, receivedAtMs: atMs, timestampMs: atMs - 60_000 },
        { tags, receivedAtMs: atMs + 500, timestampMs: atMs - 40 * 86_400_000 },
        { tags, receivedAtMs: atMs + 1000, timestampMs: atMs + 5000 },
        { tags, receivedAtMs: atMs + 1001 },
      ]);
      const within = { receivedFromMs: atMs, receivedToMs: atMs + 1000 };

      expect(await search(within)).toEqual([last, first, old]);
      expect(await search({ receivedToMs: atMs - 1 })).toEqual([before]);
      expect(await search({ ...within, fromMs: atMs - 60_000 })).toEqual([last, first]);
      expect(await aggregate({}, within)).toEqual({ value: 3 });
      expect(await aggregate({ groupBy: { by: "tag", generic: "g" } }, within)).toEqual({
        groups: [{ key: "g:1", count: 3, value: 3 }],
      });
      expect(await aggregate({}, { receivedFromMs: atMs + 1002 })).toEqual({ value: 0 });
    },
  },
  {
    name: "compares timestamps as instants, whatever their offset and precision",
    check: async ({ keep, search }) => {
      const noon = Date.UTC(2026, 2, 15, 12);
      const [offset, nanoseconds, utc] = await keep([
        { timestamp: "2026-03-15T14:30:00+02:30", timestampMs: noon },
        { timestamp: "2026-03-15T12:00:00.000999999Z", timestampMs: noon },
        { timestamp: "2026-03-15T12:00:00Z", timestampMs: noon },
      ]);

      expect(await search({ fromMs: noon, toMs: noon })).toEqual([utc, nanoseconds, offset]);
    },
  },
  {
    name: "keeps and orders timestamps from the year 0000 to 9999",
    check: async ({ keep, search }) => {
      const [ancient, eve, epoch, late] = await keep([
        at("0000-01-01T00:00:00Z"),
        at("1969-12-31T23:59:59.999Z"),
        at("1970-01-01T00:00:00Z"),
        at("9999-12-31T23:59:59.999Z"),
      ]);

      expect(await search()).toEqual([late, epoch, eve, ancient]);
      expect(await search({ toMs: -1 })).toEqual([eve, ancient]);
      expect(await search({ fromMs: 0, toMs: 0 })).toEqual([epoch]);
      expect(await search({ fromMs: Date.UTC(9999, 11, 31) })).toEqual([late]);
      expect(await search({ toMs: Date.parse("0000-01-01T00:00:00Z") })).toEqual([ancient]);
    },
  },
  {
    name: "orders events newest first, and those of one millisecond by id descending",
    check: async ({ keep, search }) => {
      const noon = Date.UTC(2026, 2, 15, 12);
      const id = (start: string) => `${start}-0000-7000-8000-000000000000`;
      const [low, high, newest, middle, oldest] = await keep([
        { id: id("00000000"), timestampMs: noon },
        { id: id("ffffffff"), timestampMs: noon },
        { id: id("11111111"), timestampMs: noon + 1 },
        { id: id("a0000000"), timestampMs: noon },
        { id: id("eeeeeeee"), timestampMs: noon - 1 },
      ]);

      expect(await search()).toEqual([newest, high, middle, low, oldest]);
      expect(await search({ tags: ["tests"], types: ["event"] })).toEqual([newest, high, middle, low, oldest]);
    },
  },
  {
    name: "finds only events whose value is a finite number where that is asked for",
    check: async ({ keep, search }) => {
      const values = ["1", "-0.5", '"1"', "true", "[1]", '{"a":1}', "1e400", "0"];
      const [one, half, , , , , , zero] = await keep([...values.map((value) => ({ value })), {}]);

      expect(await search({ numeric: true })).toEqual([zero, half, one]);
      expect(await search({ numeric: false })).toHaveLength(9);
    },
  },
  {
    name: "finds events whose declared fields meet every condition",
    check: async ({ keep, search }) => {
      const [ok, slow, failed] = await keep(
        [
          '{"ST":200,"b":"shop","Tt":12,"tls":true}',
          '{"ST":200,"b":"Shop","Tt":-1,"tls":false}',
          '{"ST":503,"b":"shop","Tt":4000}',
          '{"b":"shop/*"}',
          "200",
        ].map((value) => ({ type: "haproxy", value })),
      );
      const meeting = (...conditions: FieldCondition[]) => search({ types: ["haproxy"], conditions });

      expect(await meeting({ field: "ST", oneOf: [200] })).toEqual([slow, ok]);
      expect(await meeting({ field: "ST", oneOf: [404, 503] })).toEqual([failed]);
      expect(await meeting({ field: "ST", gte: 200, lt: 503 })).toEqual([slow, ok]);
      expect(await meeting({ field: "ST", gt: 200, lte: 503 })).toEqual([failed]);
      expect(await meeting({ field: "Tt", lt: 0 })).toEqual([slow]);
      expect(await meeting({ field: "b", oneOf: ["shop"] })).toEqual([failed, ok]);
      expect(await meeting({ field: "b", oneOf: ["shop"] }, { field: "ST", oneOf: [200] })).toEqual([ok]);
      expect(await meeting({ field: "tls", oneOf: [false] })).toEqual([slow]);
      expect(await meeting({ field: "s", oneOf: ["absent"] })).toEqual([]);
    },
  },
  {
    name: "answers nothing in a namespace that has no events",
    check: async ({ store, query }) => {
      const page = await store.search(query(), { offset: 0, limit: 30 });

      expect(page).toEqual({ events: [], total: 0 });
      expect(await store.eventTypes(query().namespace)).toEqual([]);
    },
  },
];
