import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type EventFilter, everyEvent, type FieldCondition, matches } from "#core/events/query/event-filter.ts";
import { anyEvent } from "#test/core/events/arbitraries.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

const isMet = (filter: Partial<EventFilter>, event = anEvent({ tags: ["a", "b", "g:1"] })): boolean =>
  matches({ ...everyEvent("default"), ...filter }, event);

describe("a filter", () => {
  test("without wishes matches every event of its namespace but haproxy ones, however spelt", () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        expect(matches(everyEvent(event.namespace), event)).toBe(event.type.toLowerCase() !== "haproxy");
        expect(matches({ ...everyEvent(event.namespace), types: [event.type] }, event)).toBe(true);
        expect(matches({ ...everyEvent(`${event.namespace}x`), types: [event.type] }, event)).toBe(false);
      }),
    );
    for (const type of ["haproxy", "HAProxy"]) {
      expect(isMet({}, anEvent({ type }))).toBe(false);
      expect(isMet({ tags: ["tests"] }, anEvent({ type }))).toBe(false);
      expect(isMet({ types: [type, "event"] }, anEvent({ type }))).toBe(true);
    }
    expect(isMet({ types: ["haproxy"] }, anEvent({ type: "HAProxy" }))).toBe(false);
  });

  test.each([
    [{ tags: ["a", "b"] }, true],
    [{ tags: ["a", "c"] }, false],
    [{ tags: ["A"] }, false],
    [{ tags: ["g"] }, false],
    [{ any: ["x", "b"] }, true],
    [{ any: ["x"] }, false],
    [{ none: ["x"] }, true],
    [{ none: ["x", "a"] }, false],
    [{ tags: ["a"], any: ["b", "x"], none: ["c"] }, true],
    [{ tags: ["a"], none: ["a"] }, false],
    [{ types: ["event"] }, true],
    [{ types: ["Event", "health"] }, false],
  ])("of %j is met by an event of tags a, b and g:1: %j", (filter, met) => {
    expect(isMet(filter)).toBe(met);
  });
});

describe("a condition", () => {
  const VALUE =
    '{"ST":200,"b":"shop","tls":true,"uri":["x",1,["y"]],"B":1e400,"s":null,"Tt":[5,"7"],"U":1.5,"Ta":"9","own":7}';
  const meets = (condition: FieldCondition, value = VALUE): boolean =>
    isMet({ types: ["haproxy"], conditions: [condition] }, anEvent({ type: "haproxy", value }));

  test.each<[FieldCondition, boolean]>([
    [{ field: "ST", oneOf: [404, 200] }, true],
    [{ field: "ST", oneOf: ["200"] }, false],
    [{ field: "ST", oneOf: [] }, false],
    [{ field: "b", oneOf: ["shop"] }, true],
    [{ field: "b", oneOf: ["Shop", "sho"] }, false],
    [{ field: "tls", oneOf: [true] }, true],
    [{ field: "tls", oneOf: ["true", 1, false] }, false],
    [{ field: "uri", oneOf: ["x"] }, true],
    [{ field: "uri", oneOf: [1, "y"] }, false],
    [{ field: "Tt", gte: 5 }, true],
    [{ field: "Tt", gt: 5 }, false],
    [{ field: "ST", gte: 200, lte: 200 }, true],
    [{ field: "ST", gt: 200 }, false],
    [{ field: "ST", lt: 200 }, false],
    [{ field: "ST", gt: 199, lt: 201 }, true],
    [{ field: "ST" }, true],
    [{ field: "b", gte: 0 }, false],
    [{ field: "s", lte: 0 }, false],
    [{ field: "hr", oneOf: ["shop"] }, false],
    [{ field: "toString", gte: 0 }, false],
    [{ field: "B", gte: 0 }, false],
    [{ field: "U", gte: 0 }, false],
    [{ field: "U", oneOf: [1.5] }, false],
    [{ field: "Ta", oneOf: [9, "9"] }, false],
    [{ field: "own", oneOf: [7] }, false],
  ])("of %j is met by the example: %j", (condition, met) => {
    expect(meets(condition)).toBe(met);
  });

  test("is met by no event without an object for its value", () => {
    for (const value of ["200", '"b"', "true", "[200]", '[{"ST":200}]', "[]"])
      expect(meets({ field: "ST", gte: 0 }, value)).toBe(false);
    const without = anEvent({ type: "haproxy" });
    expect(isMet({ types: ["haproxy"], conditions: [{ field: "ST", gte: 0 }] }, without)).toBe(false);
  });

  test("is met by no event whose type does not declare the field", () => {
    const conditions = [{ field: "load", gte: 0 }];
    const event = anEvent({ type: "Metered", value: '{"load":0.5}' });
    const metered = { name: "metered", period: "day", retentionDays: 30, fields: { load: "double" } } as const;

    expect(isMet({ conditions }, event)).toBe(false);
    expect(matches({ ...everyEvent("default"), conditions }, event, [metered])).toBe(true);
  });

  test("is one of several that must all be met", () => {
    const conditions = [
      { field: "ST", oneOf: [200] },
      { field: "b", oneOf: ["auth"] },
    ];
    const filter = { types: ["haproxy"], conditions };

    expect(isMet(filter, anEvent({ type: "haproxy", value: '{"ST":200,"b":"auth"}' }))).toBe(true);
    expect(isMet(filter, anEvent({ type: "haproxy", value: VALUE }))).toBe(false);
  });
});
