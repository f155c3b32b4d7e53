import { createHash } from "node:crypto";
import { expect } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import type { Aggregation, Aggregator, GroupBy } from "#core/events/query/aggregation.ts";
import type { FieldCondition } from "#core/events/query/event-filter.ts";
import { MAX_KEYWORD_CHARACTERS } from "#core/events/types/event-types.ts";
import type { Check } from "#test/stores/contract/ground.ts";
import { readTail } from "#test/stores/contract/read-tail.ts";
import { aggregateNaively } from "#test/stores/naive-aggregate.ts";

const manyKeys = (count: number) =>
  `{${Array.from({ length: count }, (_, index) => `"key ${index}":${index}`).join(",")}}`;
const nested = (depth: number, open: string, close: string, inside: string) =>
  open.repeat(depth) + inside + close.repeat(depth);

/** Values of every shape under one type: what any mapping would choke on, and what no parse and print keeps. */
const VALUES: Readonly<Record<string, string>> = {
  "a number": "1.50",
  "minus zero": "-0",
  "an integer of 40 digits": "1234567890123456789012345678901234567890",
  "a fraction of 40 digits": "0.1234567890123456789012345678901234567890",
  "a number no double holds": "1e400",
  "numbers as some languages print them": "[1E+2,1.0,-0.0,5e-324,1.7976931348623157e308]",
  text: '"up"',
  "empty text": '""',
  "the text null": '"null"',
  "text with escapes": '"\\u0000\\u001f\\"\\\\\\/\\n\\ud83d\\ude00\\ud800é😀\u2028\u007f"',
  true: "true",
  false: "false",
  "an empty object": "{}",
  "an empty list": "[]",
  "a list of everything": '[1,"a",null,true,[],{},[[1]],{"a":null}]',
  "an object of text where others have numbers": '{"n":"text","ST":"text"}',
  "an object of numbers where others have text": '{"n":1,"ST":200}',
  "an object where others have numbers": '{"n":{"n":{"n":1}}}',
  "a list of objects where others have numbers": '{"n":[{"n":1},2,[3]]}',
  "nothing inside": '{"n":null}',
  "dotted and empty keys": '{"a.b":1,"a":{"b":2},"":3,".":4,"..":5,"a.":6," ":7,"a..b":8}',
  "names of ours and of engines":
    '{"id":1,"timestamp":2,"tags":3,"_id":4,"_source":5,"value":6,"__proto__":7,"constructor":8}',
  "the same key twice": '{"a":1,"a":{"b":2},"a":"last"}',
  "keys out of order": '{"b":1,"2":2,"a":3,"1":4}',
  "10,000 keys": manyKeys(10_000),
  "lists 1,000 deep": nested(1_000, "[", "]", "1"),
  "objects 1,000 deep": nested(1_000, '{"a":', "}", "1"),
  "objects 1,000 deep under long keys": nested(1_000, `{"${"k".repeat(50)}":`, "}", "1"),
  "a key of 60,000 characters": `{"${"k".repeat(60_000)}":1}`,
  "a date": '"2026-01-01"',
  "text that is no date after one": '"2026-13-45"',
  "40,000 characters": `"${"é".repeat(40_000)}"`,
};

/** Records that break the declaration of their fields. */
const ODD_RECORDS: readonly string[] = [
  '{"ST":"not a number","Tt":"12","tls":"yes"}',
  '{"ST":1e400,"B":12345678901234567890123456789012345678901,"cp":99999999999}',
  '{"ST":1.5,"Tt":null,"b":5,"s":true,"ci":"not an address"}',
  '{"ST":"503","tls":"true"}',
  '{"ST":503,"tls":1,"b":"503"}',
  '{"ST":9007199254740993,"B":9007199254740991,"Tt":-0}',
  '{"ST":[200,"200",null,503,[404]],"tls":[true,"yes"]}',
  `{"b":"${"x".repeat(MAX_KEYWORD_CHARACTERS)}","s":"${"x".repeat(MAX_KEYWORD_CHARACTERS + 1)}"}`,
  '{"ST":{"a":1},"b":["x",["y"]],"tls":[true,false],"Tt":[]}',
  `{"uri":"${"/a".repeat(50_000)}","b":"shop"}`,
  '{"@timestamp":"never","source.ip":1,"source":{"ip":2},"haproxy":3,"number":"x","leaves":"y"}',
  '"a line that is no record"',
  "[]",
  "17",
  nested(1_000, '{"b":', "}", "1"),
];

/** Large values as their digests, so that a difference can be read. */
const legible = (event: Event | undefined) =>
  event?.value !== undefined && event.value.length > 200
    ? { ...event, value: `${event.value.length} characters, ${createHash("sha256").update(event.value).digest("hex")}` }
    : event;

export const valueChecks: readonly Check[] = [
  {
    name: "answers values of every shape, mixed under one type, byte for byte",
    check: async ({ store, namespace, keep, search, query, start }) => {
      const events = await keep([{}, ...Object.entries(VALUES).map(([name, value]) => ({ tags: [name], value }))]);

      expect((await search()).map(legible)).toEqual(events.map(legible).reverse());
      expect((await readTail(store, query(), start, 7)).events.map(legible)).toEqual(events.map(legible));
      for (const event of events) expect(legible(await store.find(namespace, event.id))).toEqual(legible(event));
    },
  },
  {
    name: "answers a value of five megabytes byte for byte",
    check: async ({ store, namespace, keep, query, start }) => {
      const [event] = await keep([{ value: `"${"0123456789abcdef".repeat(327_680)}"` }]);

      expect(legible(await store.find(namespace, event?.id ?? ""))).toEqual(legible(event));
      expect((await readTail(store, query(), start, 10)).events.map(legible)).toEqual([legible(event)]);
    },
  },
  {
    name: "has no value where the event had none",
    check: async ({ store, namespace, keep, search }) => {
      const [event] = await keep([{}]);

      const [found] = await search();

      expect(found).toEqual(event);
      expect(found).not.toHaveProperty("value");
      expect(await store.find(namespace, event?.id ?? "")).not.toHaveProperty("value");
    },
  },
  {
    name: "keeps haproxy records whose fields are not what was declared, and answers them byte for byte",
    check: async ({ keep, search, aggregate }) => {
      const types = ["haproxy"];
      const events = await keep(ODD_RECORDS.map((value) => ({ type: "haproxy", value })));

      expect((await search({ types })).map(legible)).toEqual(events.map(legible).reverse());
      expect(await aggregate({}, { types })).toEqual({ value: ODD_RECORDS.length });
    },
  },
  {
    name: "groups and sums up declared fields only where they are of their kind",
    check: async ({ keep, aggregate }) => {
      const events = await keep(ODD_RECORDS.map((value) => ({ type: "haproxy", value })));
      const field = (name: string) => ({ kind: "declared", name }) as const;
      const ask = (asked: Partial<Aggregation>) => aggregate(asked, { types: ["haproxy"] });

      expect(await ask({ groupBy: { by: "field", field: field("ST") } })).toEqual({
        groups: [
          { key: 503, count: 2, value: 2 },
          { key: 200, count: 1, value: 1 },
        ],
      });
      expect(await ask({ aggregator: { type: "stats", field: field("ST") } })).toEqual({
        value: { count: 3, min: 200, max: 503, average: 402, sum: 1206 },
      });
      for (const name of ["ST", "Tt", "B", "cp", "tls", "b", "s", "ci", "uri"]) {
        const groupBy: GroupBy = { by: "field", field: field(name) };
        const aggregator: Aggregator = { type: "cardinality", field: field(name) };
        for (const asked of [{ groupBy }, { aggregator }, { aggregator, groupBy, intervalMs: 1000 }]) {
          const expected = aggregateNaively(events, { aggregator: { type: "count" }, size: 100, ...asked });
          expect({ asked, answer: await ask(asked) }).toEqual({ asked, answer: expected });
        }
      }
    },
  },
  {
    name: "finds and tails by declared fields only where they are of their kind, and only events whose type declares them",
    check: async ({ store, keep, search, query, start }) => {
      const records = await keep(ODD_RECORDS.map((value) => ({ type: "haproxy", value })));
      const [undeclared] = await keep([{ type: "health", value: '{"ST":503,"b":"503"}' }]);
      const types = ["haproxy", "health"];
      const meeting = async (condition: FieldCondition) => {
        const found = await search({ types, conditions: [condition] });
        const tailed = await readTail(store, query({ types, conditions: [condition] }), start, 4);
        expect(tailed.events).toEqual(found.toReversed());
        return found.map((event) => event.value);
      };
      const status = '{"ST":503,"tls":1,"b":"503"}';
      const statuses = '{"ST":[200,"200",null,503,[404]],"tls":[true,"yes"]}';

      expect(await meeting({ field: "ST", oneOf: [503] })).toEqual([statuses, status]);
      expect(await meeting({ field: "ST", oneOf: ["503", 1.5, "200", 9007199254740992] })).toEqual([]);
      expect(await meeting({ field: "ST", gte: 0 })).toEqual([statuses, status]);
      expect(await meeting({ field: "ST", gt: 200.5, lt: 503.5 })).toEqual([statuses, status]);
      expect(await meeting({ field: "b", oneOf: ["503", 5] })).toEqual([status]);
      expect(await meeting({ field: "b", gte: 0 })).toEqual([]);
      expect(await meeting({ field: "tls", oneOf: ["true", 1, "yes"] })).toEqual([]);
      expect(await meeting({ field: "tls", oneOf: [true] })).toHaveLength(2);
      expect(await meeting({ field: "B", gte: 0 })).toHaveLength(1);
      for (const [name, characters, found] of [
        ["b", MAX_KEYWORD_CHARACTERS, 1],
        ["s", MAX_KEYWORD_CHARACTERS + 1, 0],
      ] as const)
        expect(await meeting({ field: name, oneOf: ["x".repeat(characters)] })).toHaveLength(found);
      expect(await search({ types })).toHaveLength(records.length + 1);
      expect(await search({ types: ["health"], conditions: [{ field: "ST", oneOf: [503] }] })).toEqual([]);
      expect(await search({ types: ["health"] })).toEqual([undeclared]);
    },
  },
  {
    name: "aggregates the numbers of an event past its 256th not at all, and refuses no event for them",
    check: async ({ keep, aggregate }) => {
      const ones = (count: number) => `{"n":[${"1,".repeat(count - 1)}1]}`;
      await keep([255, 256, 257, 1000].map((count) => ({ value: ones(count) })));

      const sum = await aggregate({ aggregator: { type: "sum", field: { kind: "leaf", path: "n" } } });

      expect(sum).toEqual({ value: 255 + 256 + 256 + 256 });
    },
  },
];
