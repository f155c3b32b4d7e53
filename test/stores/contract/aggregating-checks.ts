import { expect } from "@jest/globals";
import type { AggregatedField, Aggregator, GroupBy } from "#core/events/query/aggregation.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { expectBetween } from "#test/stores/contract/expect-between.ts";
import type { Check } from "#test/stores/contract/ground.ts";
import { aggregateNaively } from "#test/stores/naive-aggregate.ts";

const NUMBER: AggregatedField = { kind: "number" };
const leaf = (path: string): AggregatedField => ({ kind: "leaf", path });
const declared = (name: string): AggregatedField => ({ kind: "declared", name });
const BY_TYPE: GroupBy = { by: "type" };
const byTag = (generic: string): GroupBy => ({ by: "tag", generic });
const byField = (field: AggregatedField): GroupBy => ({ by: "field", field });

const values = (...texts: readonly string[]) => texts.map((value) => ({ value }));
const COUNT: Aggregator = { type: "count" };
const sumOf = (field: AggregatedField): Aggregator => ({ type: "sum", field });

export const aggregatingChecks: readonly Check[] = [
  {
    name: "answers average, min, max, sum, stats and cardinality of the values that are numbers, and counts all events",
    check: async ({ keep, aggregate }) => {
      await keep([...values("2", "-4.5", "2", "10", '"7"', "true", '{"a":100}', "[100]", "1e400"), {}]);
      const value = (aggregator: Aggregator) => aggregate({ aggregator });

      expect(await value({ type: "average", field: NUMBER })).toEqual({ value: 2.375 });
      expect(await value({ type: "min", field: NUMBER })).toEqual({ value: -4.5 });
      expect(await value({ type: "max", field: NUMBER })).toEqual({ value: 10 });
      expect(await value({ type: "sum", field: NUMBER })).toEqual({ value: 9.5 });
      expect(await value({ type: "cardinality", field: NUMBER })).toEqual({ value: 3 });
      expect(await value({ type: "stats", field: NUMBER })).toEqual({
        value: { count: 4, min: -4.5, max: 10, average: 2.375, sum: 9.5 },
      });
      expect(await value(COUNT)).toEqual({ value: 10 });
    },
  },
  {
    name: "counts only numbers where the query says so",
    check: async ({ keep, aggregate }) => {
      await keep(values("2", '"2"', "0", "null", "{}"));

      expect(await aggregate({}, { numeric: true })).toEqual({ value: 2 });
    },
  },
  {
    name: "aggregates only what the query matches",
    check: async ({ keep, aggregate }) => {
      await keep([
        { value: "1", tags: ["a"], timestampMs: 1000 },
        { value: "2", tags: ["a", "b"], timestampMs: 2000 },
        { value: "4", tags: ["a", "b"], timestampMs: 3000, type: "metrics" },
        { value: "8", tags: ["b"], timestampMs: 4000 },
      ]);
      const sum = (wanted: object) => aggregate({ aggregator: sumOf(NUMBER) }, wanted);

      expect(await sum({})).toEqual({ value: 15 });
      expect(await sum({ tags: ["a", "b"] })).toEqual({ value: 6 });
      expect(await sum({ any: ["a"], none: ["b"] })).toEqual({ value: 1 });
      expect(await sum({ types: ["event"], fromMs: 2000, toMs: 4000 })).toEqual({ value: 10 });
      expect(await sum({ fromMs: 4000, toMs: 4000 })).toEqual({ value: 8 });
    },
  },
  {
    name: "answers percentiles under each percent as it was asked",
    check: async ({ keep, aggregate, percentileError }) => {
      const numbers = Array.from({ length: 101 }, (_, index) => (index * 37) % 101);
      await keep(values(...numbers.map(String)));
      const aggregator = { type: "percentiles", field: NUMBER, percents: [0, 1, 50, 99.9, 100] } as const;

      const answer = await aggregate({ aggregator });

      const error = percentileError(numbers.length);
      expectBetween(
        answer,
        { value: { "0": 0, "1": 1 - error, "50": 50 - error, "99.9": 99.9 - error, "100": 100 - error } },
        { value: { "0": error, "1": 1 + error, "50": 50 + error, "99.9": 99.9 + error, "100": 100 } },
      );
    },
  },
  {
    name: "answers the rate as events per second of the query's time, or of each interval",
    check: async ({ keep, aggregate }) => {
      await keep([0, 1000, 59_000, 61_000].map((timestampMs) => ({ timestampMs })));
      const rate = { aggregator: { type: "rate", seconds: 120 } } as const;

      expect(await aggregate(rate)).toEqual({ value: 4 / 120 });
      expect(await aggregate({ ...rate, intervalMs: 60_000 })).toEqual({
        series: [
          { at: "1970-01-01T00:00:00.000Z", count: 3, value: 3 / 60 },
          { at: "1970-01-01T00:01:00.000Z", count: 1, value: 1 / 60 },
        ],
      });
      expect(await aggregate({ ...rate, intervalMs: 60_000, groupBy: BY_TYPE })).toMatchObject({
        groups: [{ key: "event", count: 4, value: 4 / 120, series: [{ value: 3 / 60 }, { value: 1 / 60 }] }],
      });
    },
  },
  {
    name: "answers 0 or null of events without numbers, and of no events at all",
    check: async ({ keep, aggregate }) => {
      await keep(values('"text"', "{}"));
      const nothing = { count: 0, min: null, max: null, average: null, sum: 0 };

      for (const tags of [["tests"], ["absent"]]) {
        const events = tags[0] === "tests" ? 2 : 0;
        for (const field of [NUMBER, leaf("a.b"), declared("Tt")]) {
          const value = (aggregator: Aggregator) => aggregate({ aggregator }, { tags });
          expect(await value({ type: "average", field })).toEqual({ value: null });
          expect(await value({ type: "min", field })).toEqual({ value: null });
          expect(await value({ type: "max", field })).toEqual({ value: null });
          expect(await value({ type: "sum", field })).toEqual({ value: 0 });
          expect(await value({ type: "stats", field })).toEqual({ value: nothing });
          expect(await value({ type: "cardinality", field })).toEqual({ value: 0 });
          expect(await value({ type: "percentiles", field, percents: [50, 99.9] })).toEqual({
            value: { "50": null, "99.9": null },
          });
        }
        expect(await aggregate({}, { tags })).toEqual({ value: events });
        expect(await aggregate({ aggregator: { type: "rate", seconds: 10 } }, { tags })).toEqual({
          value: events / 10,
        });
      }
      expect(await aggregate({ groupBy: BY_TYPE }, { tags: ["absent"] })).toEqual({ groups: [] });
      expect(await aggregate({ groupBy: BY_TYPE, intervalMs: 1000 }, { tags: ["absent"] })).toEqual({ groups: [] });
      expect(await aggregate({ intervalMs: 1000 }, { tags: ["absent"] })).toEqual({ series: [] });
      expect(await aggregate({ groupBy: byField(NUMBER) })).toEqual({ groups: [] });
    },
  },
  {
    name: "answers null for groups and buckets of events without numbers",
    check: async ({ keep, aggregate }) => {
      await keep([
        { type: "health", value: '"up"', timestampMs: 0 },
        { type: "metrics", value: "3", timestampMs: 1000 },
        { type: "metrics", timestampMs: 2000 },
      ]);

      expect(await aggregate({ aggregator: { type: "average", field: NUMBER }, groupBy: BY_TYPE })).toEqual({
        groups: [
          { key: "metrics", count: 2, value: 3 },
          { key: "health", count: 1, value: null },
        ],
      });
      expect(await aggregate({ aggregator: { type: "max", field: NUMBER }, intervalMs: 1000 })).toEqual({
        series: [
          { at: "1970-01-01T00:00:00.000Z", count: 1, value: null },
          { at: "1970-01-01T00:00:01.000Z", count: 1, value: 3 },
          { at: "1970-01-01T00:00:02.000Z", count: 1, value: null },
        ],
      });
      expect(await aggregate({ aggregator: sumOf(NUMBER), groupBy: BY_TYPE })).toMatchObject({
        groups: [{ value: 3 }, { value: 0 }],
      });
    },
  },
  {
    name: "aggregates the numbers inside objects by their path, looking through arrays",
    check: async ({ keep, aggregate }) => {
      await keep(
        values(
          '{"load":1,"a":{"b":10}}',
          '{"load":[2,3],"a":[{"b":20},{"b":30}]}',
          '{"load":"x"}',
          "5",
          '[{"load":4}]',
        ),
      );
      const value = (aggregator: Aggregator) => aggregate({ aggregator });

      expect(await value({ type: "sum", field: leaf("load") })).toEqual({ value: 10 });
      expect(await value({ type: "average", field: leaf("a.b") })).toEqual({ value: 20 });
      expect(await value({ type: "cardinality", field: leaf("load") })).toEqual({ value: 4 });
      expect(await value({ type: "stats", field: leaf("load") })).toEqual({
        value: { count: 4, min: 1, max: 4, average: 2.5, sum: 10 },
      });
      for (const path of ["a", "b", "loa", "load.", "*", ""])
        expect(await value(sumOf(leaf(path)))).toEqual({ value: 0 });
    },
  },
  {
    name: "reads a dotted key and nested keys as one path, and knows empty and inherited names",
    check: async ({ keep, aggregate }) => {
      await keep(values('{"a.b":1,"a":{"b":2}}', '{"":4,"x":{"":8}}', '{"__proto__":{"n":16},"constructor":32}'));
      const sum = async (path: string) => aggregate({ aggregator: sumOf(leaf(path)) });

      expect(await sum("a.b")).toEqual({ value: 3 });
      expect(await sum("")).toEqual({ value: 4 });
      expect(await sum("x.")).toEqual({ value: 8 });
      expect(await sum("__proto__.n")).toEqual({ value: 16 });
      expect(await sum("constructor")).toEqual({ value: 32 });
    },
  },
  {
    name: "counts an event once in a group and a bucket, however many numbers it adds to them",
    check: async ({ keep, aggregate }) => {
      await keep([{ value: '{"n":[1,1,2]}', timestampMs: 0, tags: ["g", "g:x", "g:y"] }]);
      const aggregator = sumOf(leaf("n"));

      expect(await aggregate({ aggregator, groupBy: BY_TYPE, intervalMs: 1000 })).toEqual({
        groups: [
          { key: "event", count: 1, value: 4, series: [{ at: "1970-01-01T00:00:00.000Z", count: 1, value: 4 }] },
        ],
      });
      expect(await aggregate({ aggregator, groupBy: byTag("g") })).toEqual({
        groups: [
          { key: "g:x", count: 1, value: 4 },
          { key: "g:y", count: 1, value: 4 },
        ],
      });
      expect(await aggregate({ groupBy: byField(leaf("n")) })).toEqual({
        groups: [
          { key: 1, count: 1, value: 1 },
          { key: 2, count: 1, value: 1 },
        ],
      });
    },
  },
  {
    name: "groups by tag: by every tag, or by the specific ones of a generic tag",
    check: async ({ keep, aggregate }) => {
      await keep([
        { tags: ["gateways", "gateways:a", "up"], value: "1" },
        { tags: ["gateways", "gateways:b", "gateways:a"], value: "2" },
        { tags: ["gateways2:c", "gateways"], value: "4" },
        { tags: ["Gateways:d"], value: "8" },
      ]);

      expect(await aggregate({ groupBy: { by: "tag" } })).toEqual({
        groups: [
          { key: "gateways", count: 3, value: 3 },
          { key: "gateways:a", count: 2, value: 2 },
          { key: "Gateways:d", count: 1, value: 1 },
          { key: "gateways2:c", count: 1, value: 1 },
          { key: "gateways:b", count: 1, value: 1 },
          { key: "up", count: 1, value: 1 },
        ],
      });
      expect(await aggregate({ aggregator: sumOf(NUMBER), groupBy: byTag("gateways") })).toEqual({
        groups: [
          { key: "gateways:a", count: 2, value: 3 },
          { key: "gateways:b", count: 1, value: 2 },
        ],
      });
      expect(await aggregate({ groupBy: byTag("gateway") })).toEqual({ groups: [] });
    },
  },
  {
    name: "groups the events of each tag once more by other tags, each group with its own value",
    check: async ({ keep, aggregate }) => {
      await keep([
        { tags: ["gateways:a", "backends:x"], value: "1" },
        { tags: ["gateways:a", "backends:x"], value: "2" },
        { tags: ["gateways:a", "backends:y"], value: "4" },
        { tags: ["gateways:b", "backends:x"], value: "8" },
        { tags: ["gateways:c"], value: "16" },
        { tags: ["backends:z"], value: "32" },
      ]);
      const groupBy: GroupBy = { by: "tag", generic: "gateways", inner: "backends" };

      expect(await aggregate({ aggregator: sumOf(NUMBER), groupBy })).toEqual({
        groups: [
          {
            key: "gateways:a",
            count: 3,
            value: 7,
            groups: [
              { key: "backends:x", count: 2, value: 3 },
              { key: "backends:y", count: 1, value: 4 },
            ],
          },
          { key: "gateways:b", count: 1, value: 8, groups: [{ key: "backends:x", count: 1, value: 8 }] },
          { key: "gateways:c", count: 1, value: 16, groups: [] },
        ],
      });
      expect(await aggregate({ groupBy, size: 1 })).toEqual({
        groups: [{ key: "gateways:a", count: 3, value: 3, groups: [{ key: "backends:x", count: 2, value: 2 }] }],
      });
    },
  },
  {
    name: "groups by the value itself and by numbers inside objects, under keys that are numbers",
    check: async ({ keep, aggregate }) => {
      await keep(values("200", "200", "-1", "0.5", '"200"', '{"code":404}', '{"code":[404,500]}'));

      expect(await aggregate({ groupBy: byField(NUMBER) })).toEqual({
        groups: [
          { key: 200, count: 2, value: 2 },
          { key: -1, count: 1, value: 1 },
          { key: 0.5, count: 1, value: 1 },
        ],
      });
      expect(await aggregate({ groupBy: byField(leaf("code")) })).toEqual({
        groups: [
          { key: 404, count: 2, value: 2 },
          { key: 500, count: 1, value: 1 },
        ],
      });
    },
  },
  {
    name: "groups zero and minus zero together",
    check: async ({ keep, aggregate }) => {
      await keep(values("0", "-0", "-0.0", '{"n":-0}', '{"n":0}'));

      expect(await aggregate({ groupBy: byField(NUMBER) })).toEqual({ groups: [{ key: 0, count: 3, value: 3 }] });
      expect(await aggregate({ groupBy: byField(leaf("n")) })).toEqual({ groups: [{ key: 0, count: 2, value: 2 }] });
      expect(await aggregate({ aggregator: { type: "cardinality", field: NUMBER } })).toEqual({ value: 1 });
    },
  },
  {
    name: "aggregates and groups by the declared fields of haproxy events: text, numbers and truth values",
    check: async ({ keep, aggregate }) => {
      const records = [
        '{"b":"shop","ST":200,"Tt":10,"tls":true}',
        '{"b":"shop","ST":503,"Tt":-1,"tls":false}',
        '{"b":"auth","ST":200,"Tt":30,"tls":true,"unknown":7}',
        '{"b":"Zoo","ST":200}',
      ];
      await keep(records.map((value) => ({ type: "haproxy", value })));
      const ask = (aggregator: Aggregator, groupBy?: GroupBy) =>
        aggregate({ aggregator, ...(groupBy && { groupBy }) }, { types: ["haproxy"] });

      expect(await ask({ type: "average", field: declared("Tt") })).toEqual({ value: 13 });
      expect(await ask({ type: "cardinality", field: declared("b") })).toEqual({ value: 3 });
      expect(await ask({ type: "cardinality", field: declared("ST") })).toEqual({ value: 2 });
      expect(await ask(sumOf(declared("Tt")), byField(declared("b")))).toEqual({
        groups: [
          { key: "shop", count: 2, value: 9 },
          { key: "Zoo", count: 1, value: 0 },
          { key: "auth", count: 1, value: 30 },
        ],
      });
      expect(await ask(COUNT, byField(declared("ST")))).toEqual({
        groups: [
          { key: 200, count: 3, value: 3 },
          { key: 503, count: 1, value: 1 },
        ],
      });
      expect(await ask(COUNT, byField(declared("tls")))).toEqual({
        groups: [
          { key: true, count: 2, value: 2 },
          { key: false, count: 1, value: 1 },
        ],
      });
      expect(await ask(COUNT, byField(declared("unknown")))).toEqual({ groups: [] });
      expect(await ask(sumOf(leaf("unknown")))).toEqual({ value: 0 });
    },
  },
  {
    name: "answers the biggest groups, ties by key ascending, and no more than asked for",
    check: async ({ keep, aggregate }) => {
      const groups = ["b", "é", "a", "Z", "😀", "ﬀ", "B", "aa", "_"].map((key) => `k:${key}`);
      await keep([...groups, "k:most", "k:most"].map((tag) => ({ tags: [tag] })));
      const keys = async (size: number) => {
        const answer = await aggregate({ groupBy: byTag("k"), size });
        return "groups" in answer ? answer.groups.map(({ key }) => key) : answer;
      };

      const all = ["k:most", "k:B", "k:Z", "k:_", "k:a", "k:aa", "k:b", "k:é", "k:ﬀ", "k:😀"];
      expect(await keys(100)).toEqual(all);
      expect(await keys(10)).toEqual(all);
      expect(await keys(4)).toEqual(all.slice(0, 4));
      expect(await keys(1)).toEqual(["k:most"]);
    },
  },
  {
    name: "chooses the biggest groups by all events, not by those of one type or index",
    check: async ({ keep, aggregate }) => {
      const many = (type: string, tag: string, count: number) =>
        Array.from({ length: count }, () => ({ type, tags: [`k:${tag}`] }));
      await keep([
        ...["health", "metrics", "event"].flatMap((type) => many(type, "everywhere", 3)),
        ...["health", "metrics", "event"].flatMap((type) =>
          Array.from({ length: 40 }, (_, index) => many(type, `${type}-${index}`, 4)).flat(),
        ),
      ]);

      expect(await aggregate({ groupBy: byTag("k"), size: 1 })).toEqual({
        groups: [{ key: "k:everywhere", count: 9, value: 9 }],
      });
    },
  },
  {
    name: "answers a series of the intervals that hold events, counted from 1970, oldest first",
    check: async ({ keep, aggregate }) => {
      const instants = [
        "2026-03-15T12:00:29.999Z",
        "2026-03-15T12:00:30Z",
        "2026-03-15T12:00:59Z",
        "2026-03-15T14:00:00Z",
      ];
      await keep(instants.map((timestamp, index) => ({ timestamp, value: String(index) })));
      const aggregator = sumOf(NUMBER);

      expect(await aggregate({ aggregator, intervalMs: 30_000 })).toEqual({
        series: [
          { at: "2026-03-15T12:00:00.000Z", count: 1, value: 0 },
          { at: "2026-03-15T12:00:30.000Z", count: 2, value: 3 },
          { at: "2026-03-15T14:00:00.000Z", count: 1, value: 3 },
        ],
      });
      expect(await aggregate({ aggregator, intervalMs: 7 * 24 * 3_600_000 })).toEqual({
        series: [{ at: "2026-03-12T00:00:00.000Z", count: 4, value: 6 }],
      });
    },
  },
  {
    name: "counts intervals before 1970 backwards, from the year 0000 on",
    check: async ({ keep, aggregate }) => {
      const instants = [
        "0000-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999Z",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
      ];
      await keep(instants.map((timestamp) => ({ timestamp })));

      expect(await aggregate({ intervalMs: 3_600_000 })).toEqual({
        series: [
          { at: "0000-01-01T00:00:00.000Z", count: 1, value: 1 },
          { at: "1969-12-31T23:00:00.000Z", count: 1, value: 1 },
          { at: "1970-01-01T00:00:00.000Z", count: 1, value: 1 },
          { at: "9999-12-31T23:00:00.000Z", count: 1, value: 1 },
        ],
      });
    },
  },
  {
    name: "nests a series in each group",
    check: async ({ keep, aggregate }) => {
      await keep([
        { tags: ["g:a"], value: "1", timestampMs: 0 },
        { tags: ["g:a", "g:b"], value: "2", timestampMs: 500 },
        { tags: ["g:a"], value: "4", timestampMs: 5000 },
        { tags: ["h:a"], value: "8", timestampMs: 5000 },
      ]);

      const answer = await aggregate({
        aggregator: { type: "max", field: NUMBER },
        groupBy: byTag("g"),
        intervalMs: 1000,
      });

      const epoch = "1970-01-01T00:00:00.000Z";
      expect(answer).toEqual({
        groups: [
          {
            key: "g:a",
            count: 3,
            value: 4,
            series: [
              { at: epoch, count: 2, value: 2 },
              { at: "1970-01-01T00:00:05.000Z", count: 1, value: 4 },
            ],
          },
          { key: "g:b", count: 1, value: 2, series: [{ at: epoch, count: 1, value: 2 }] },
        ],
      });
    },
  },
  {
    name: "answers every aggregator in groups and series as over the same events alone",
    check: async ({ keep, aggregate, percentileError, namespace }) => {
      const drafts = Array.from({ length: 40 }, (_, index) => ({
        tags: [`g:${index % 3}`],
        value: index % 5 === 0 ? `{"n":[${index},${index / 2}]}` : String(index / 4),
        timestampMs: (index % 4) * 1000,
      }));
      const events = await keep(drafts);

      for (const field of [NUMBER, leaf("n")])
        for (const type of ["average", "min", "max", "sum", "stats", "cardinality", "percentiles"] as const) {
          const aggregator: Aggregator = type === "percentiles" ? { type, field, percents: [25, 95] } : { type, field };
          const aggregation = { aggregator, groupBy: byTag("g"), intervalMs: 1000, size: 100 };

          const answer = await aggregate(aggregation, everyEvent(namespace));

          const low = aggregateNaively(events, aggregation, (count) => -percentileError(count));
          const high = aggregateNaively(events, aggregation, percentileError);
          expectBetween(answer, low, high);
        }
    },
  },
  {
    name: "aggregates numbers at the edges of what a double holds",
    check: async ({ keep, aggregate }) => {
      const numbers = [
        Number.MAX_VALUE,
        -Number.MAX_VALUE,
        Number.MIN_VALUE,
        Number.MAX_SAFE_INTEGER,
        1e-7,
        1234567.12345678,
      ];
      const long = "12345678901234567890123456789012345678901";
      await keep(values(...numbers.map(String), "0.1", "1e308", long));

      expect(await aggregate({ aggregator: { type: "max", field: NUMBER } })).toEqual({ value: Number.MAX_VALUE });
      expect(await aggregate({ aggregator: { type: "min", field: NUMBER } })).toEqual({ value: -Number.MAX_VALUE });
      expect(await aggregate({ aggregator: { type: "cardinality", field: NUMBER } })).toEqual({ value: 9 });
      expect(await aggregate({ groupBy: byField(NUMBER) })).toEqual({
        groups: [...numbers, 0.1, 1e308, Number(long)]
          .sort((one, other) => one - other)
          .map((key) => ({ key, count: 1, value: 1 })),
      });
    },
  },
];
