import { expect } from "@jest/globals";
import type { Check } from "#test/stores/contract/ground.ts";
import { readTail } from "#test/stores/contract/read-tail.ts";

/** Tags that mean something to a query language, a regular expression, JSON, SQL or a C string. */
const TAGS: readonly string[] = [
  " ",
  "  two  spaces  ",
  '"quoted"',
  "it's",
  "back\\slash",
  "ends in \\",
  "*",
  "?",
  "a*b?c",
  "%",
  "_",
  ".*",
  "[a-z]+",
  "(a|b)",
  "a{2}",
  "^a$",
  "#@&<1-9>~",
  "a/b",
  "a AND b OR NOT c",
  "-a +b",
  "tags:a",
  "'; DROP TABLE events; --",
  "{}",
  "null",
  "0",
  "true",
  "__proto__",
  "constructor",
  "\u00e9",
  "e\u0301",
  "ﬀ",
  "😀",
  "👩‍👩‍👧",
  "日本語",
  "مرحبا",
  "\u200b",
  "\ufeff",
  "\u2028",
  "\uffff",
  "\u0001\u001f\u007f",
  "line\nline",
  "\r\n\t",
  "nul\u0000nul",
  "nul",
  "x".repeat(512),
  "😀".repeat(256),
];

const TYPES: readonly string[] = ["_all", "-x", "__proto__", "constructor", "Foo", "foo", "0", "_", "T".repeat(100)];

export const hostileNameChecks: readonly Check[] = [
  {
    name: "finds by each hostile tag its own event alone",
    check: async ({ keep, search }) => {
      const events = await keep(TAGS.map((tag) => ({ tags: [tag] })));

      for (const [index, tag] of TAGS.entries()) {
        expect(await search({ tags: [tag] })).toEqual([events[index]]);
        expect(await search({ any: [tag] })).toEqual([events[index]]);
      }
      expect(await search({ none: TAGS.slice(1) })).toEqual([events[0]]);
      expect(await search()).toEqual([...events].reverse());
    },
  },
  {
    name: "groups by hostile tags under the tags as they are",
    check: async ({ keep, aggregate }) => {
      await keep(TAGS.map((tag) => ({ tags: [tag] })));

      const answer = await aggregate({ groupBy: { by: "tag" } });

      const inOrder = [...TAGS].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
      expect(answer).toEqual({ groups: inOrder.map((key) => ({ key, count: 1, value: 1 })) });
    },
  },
  {
    name: "groups by a hostile generic tag its specific ones alone",
    check: async ({ keep, aggregate }) => {
      const generics = TAGS.filter((tag) => !tag.includes(":") && tag.length < 500);
      await keep(generics.map((generic) => ({ tags: [generic, `${generic}:one`, `${generic}:two:\n😀`] })));

      for (const generic of generics)
        expect(await aggregate({ groupBy: { by: "tag", generic } })).toEqual({
          groups: [`${generic}:one`, `${generic}:two:\n😀`].map((key) => ({ key, count: 1, value: 1 })),
        });
    },
  },
  {
    name: "streams by hostile tags",
    check: async ({ store, keep, query, start }) => {
      const events = await keep(TAGS.map((tag) => ({ tags: [tag] })));

      for (const [index, tag] of TAGS.entries())
        expect((await readTail(store, query({ tags: [tag] }), start, 10)).events).toEqual([events[index]]);
    },
  },
  {
    name: "keeps, finds, groups, sums up and streams hostile types",
    check: async ({ store, namespace, keep, search, aggregate, query, start }) => {
      const events = await keep(TYPES.map((type) => ({ type, value: '{"n":1}' })));

      for (const [index, type] of TYPES.entries()) {
        expect(await search({ types: [type] })).toEqual([events[index]]);
        expect((await readTail(store, query({ types: [type] }), start, 100)).events).toEqual([events[index]]);
      }
      expect(await search()).toEqual([...events].reverse());
      expect(await aggregate({ groupBy: { by: "type" } })).toEqual({
        groups: [...TYPES].sort().map((key) => ({ key, count: 1, value: 1 })),
      });
      const summaries = await store.eventTypes(namespace);
      expect(summaries.map(({ type, count }) => ({ type, count }))).toEqual(
        expect.arrayContaining(TYPES.map((type) => ({ type, count: 1 }))),
      );
      expect(summaries).toHaveLength(TYPES.length);
    },
  },
  {
    name: "groups by hostile text in declared fields, and finds by it",
    check: async ({ keep, search, aggregate }) => {
      const texts = TAGS.filter((text) => text.length < 500);
      const events = await keep(texts.map((b) => ({ type: "haproxy", value: JSON.stringify({ b }) })));
      const types = ["haproxy"];

      const answer = await aggregate({ groupBy: { by: "field", field: { kind: "declared", name: "b" } } }, { types });

      const inOrder = [...texts].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
      expect(answer).toEqual({ groups: inOrder.map((key) => ({ key, count: 1, value: 1 })) });
      for (const [index, text] of texts.entries())
        expect(await search({ types, conditions: [{ field: "b", oneOf: [text] }] })).toEqual([events[index]]);
    },
  },
];
