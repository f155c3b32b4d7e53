import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ValueMembers } from "#core/haproxy/logs/value-members.ts";

type Member = readonly [name: string, value: unknown];

function add(members: ValueMembers, [name, value]: Member): void {
  if (typeof value === "string") members.addText(name, value);
  else if (typeof value === "number") members.addNumber(name, value);
  else if (typeof value === "boolean") members.addFlag(name, value);
  else if (Array.isArray(value)) members.addTexts(name, value);
  else members.add(name, "other", JSON.stringify(value));
}

function endOf(given: readonly Member[]) {
  const members = new ValueMembers();
  for (const member of given) add(members, member);
  return members.end();
}

/** Few names, so that some come twice, and some that are no ordinary ones of objects. */
const name = fc.constantFrom("ci", "cp", "a b", '"', "é", "0", "17", "01", "constructor", "x".repeat(40));
const value = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom('"', "\\", "\u007f", "\n", "é", "\ud800"),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.array(fc.oneof(fc.string(), fc.constant(null)), { maxLength: 3 }),
  fc.constantFrom({ pri: 134 }),
);
const members = fc.array(fc.tuple(name, value), { maxLength: 8 });

const kindOf = (value: unknown): string => {
  if (Array.isArray(value)) return value.includes(null) ? "other" : "texts";
  if (typeof value === "number") return Number.isSafeInteger(value) ? "integer" : "number";
  return { string: "text", boolean: "boolean" }[typeof value as string] ?? "other";
};

describe("the members of a value", () => {
  test("are printed as JSON.stringify prints an object that was given them in that order, and their kinds are known", () => {
    fc.assert(
      fc.property(members, (given) => {
        const object = Object.fromEntries(given);

        const { text, shape } = endOf(given);

        expect(text).toBe(JSON.stringify(object));
        expect(shape.members).toEqual(
          Object.fromEntries(Object.entries(object).map(([name, value]) => [name, kindOf(value)])),
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("have one shape where they are alike, whatever they say", () => {
    const one = endOf([
      ["ci", "192.0.2.7"],
      ["cp", 1],
    ]);
    const other = endOf([
      ["ci", "unix"],
      ["cp", 2],
    ]);

    expect(other.shape).toBe(one.shape);
  });

  test("are forgotten when there are very many of them, and printed all the same", () => {
    for (let index = 0; index < 250; index++)
      endOf(Array.from({ length: 100 }, (_, place) => [`name${index}-${place}`, true] as const));

    expect(endOf([["ci", "192.0.2.7"]]).text).toBe('{"ci":"192.0.2.7"}');
  });
});
