import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { nearest } from "#core/nearest.ts";

const KNOWN = ["tag", "type", "timestamp", "gte", "gt", "lte", "lt", "q", "page", "per_page", "cursor", "after"];

describe("the nearest known name", () => {
  test.each([
    ["tags", "tag"],
    ["tag[]", "tag"],
    ["tags[0]", undefined],
    ["TAG", "tag"],
    ["types", "type"],
    ["tpye", "type"],
    ["perPage", "per_page"],
    ["per-page", "per_page"],
    ["pages", "page"],
    ["curser", "cursor"],
    ["timestmp", "timestamp"],
    ["timstamps", "timestamp"],
    ["GTE", "gte"],
  ])("of %s is %s", (name, meant) => {
    expect(nearest(name, KNOWN)).toBe(meant);
  });

  test.each(["_", "t", "ts", "", "on", "tab", "log", "get", "flatten", "utm_source", "nocache"])(
    "is none of %j",
    (name) => {
      expect(nearest(name, KNOWN)).toBeUndefined();
    },
  );

  test("of what is longer than any name is none, and costs nothing", () => {
    expect(nearest("timestamp".repeat(1_000_000), KNOWN)).toBeUndefined();
  });

  test("is the name itself where it is known, however it is written", () => {
    fc.assert(
      fc.property(fc.constantFrom(...KNOWN), fc.boolean(), (name, loud) => {
        expect(nearest(loud ? `${name.toUpperCase()}[]` : name, KNOWN)).toBe(name);
      }),
    );
  });

  test("of a long name forgives two slips and no third", () => {
    expect(nearest("timestaamp", ["timestamp"])).toBe("timestamp");
    expect(nearest("tiemstaamp", ["timestamp"])).toBe("timestamp");
    expect(nearest("tiemstaampp", ["timestamp"])).toBeUndefined();
  });
});
