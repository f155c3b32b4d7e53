import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { valueNumbers } from "#core/events/values/value-numbers.ts";
import { jsonPair } from "#test/core/events/arbitraries.ts";

const leavesOf = (value: string) => valueNumbers(value).leaves.map(({ path, number }) => [path, number]);

describe("the numbers of a value", () => {
  test.each([
    ["1.50", 1.5],
    ["-1E+2", -100],
    ["5e-324", 5e-324],
    ["12345678901234567890", 12345678901234567000],
  ])("%s is the number %d", (value, number) => {
    expect(valueNumbers(value)).toEqual({ number, leaves: [] });
  });

  test.each(["1e400", "-1e400", '"1"', "true", "null", '""', "[]", "{}", "[1,2]", '["1"]', undefined])(
    "%s holds none",
    (value) => {
      expect(valueNumbers(value)).toEqual({ leaves: [] });
    },
  );

  test("has no minus zero, which engines would tell from zero", () => {
    expect(Object.is(valueNumbers("-0").number, 0)).toBe(true);
    expect(Object.is(valueNumbers("-0.0e5").number, 0)).toBe(true);
    expect(Object.is(valueNumbers('{"n":-0}').leaves[0]?.number, 0)).toBe(true);
  });

  test("inside objects are named by the keys that lead to them, arrays looked through", () => {
    expect(leavesOf('{"a":1,"b":{"c":[2,{"d":3},[4]]},"e":"5","f":null,"g":1e400}')).toEqual([
      ["a", 1],
      ["b.c", 2],
      ["b.c.d", 3],
      ["b.c", 4],
    ]);
    expect(leavesOf('[{"a":1},2,{"a":3}]')).toEqual([
      ["a", 1],
      ["a", 3],
    ]);
  });

  test("know dotted, empty and inherited names for what they are", () => {
    expect(leavesOf('{"a.b":1,"":2,"x":{"":3},"__proto__":{"n":4},"constructor":5}')).toEqual([
      ["a.b", 1],
      ["", 2],
      ["x.", 3],
      ["__proto__.n", 4],
      ["constructor", 5],
    ]);
  });

  test("are 256 at most, the first ones", () => {
    const leaves = leavesOf(`{"n":[${Array.from({ length: 1_000 }, (_, index) => index)}]}`);

    expect(leaves).toEqual(Array.from({ length: 256 }, (_, index) => ["n", index]));
  });

  test("are found however deep they lie", () => {
    const depth = 5_000;

    const leaves = leavesOf(`{"a":${"[".repeat(depth)}7${"]".repeat(depth)}}`);

    expect(leaves).toEqual([["a", 7]]);
  });

  test("are passed over where their path has more than 1,024 characters, which many numbers would repeat", () => {
    const long = "k".repeat(1_022);

    expect(leavesOf(`{"${long}":{"a":1,"bc":2},"${long}k":3,"${long}klm":4,"n":5}`)).toEqual([
      [`${long}.a`, 1],
      [`${long}k`, 3],
      ["n", 5],
    ]);
  });

  test("are finite, whatever the value, and either one number or those inside", () => {
    fc.assert(
      fc.property(jsonPair, ({ compact }) => {
        const { number, leaves } = valueNumbers(compact);

        expect(number === undefined || leaves.length === 0).toBe(true);
        for (const found of [number ?? 0, ...leaves.map((leaf) => leaf.number)])
          expect(Number.isFinite(found)).toBe(true);
      }),
    );
  });
});
