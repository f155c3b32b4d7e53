import { describe, expect, test } from "@jest/globals";
import { type DeclaredFields, FIELD_KINDS, type FieldKind } from "#core/events/types/event-types.ts";
import { type MemberKind, type MemberKinds, ValueShape } from "#core/events/values/value-shape.ts";

const held: readonly (readonly [FieldKind, readonly MemberKind[]])[] = [
  ["keyword", ["text", "texts"]],
  ["integer", ["integer"]],
  ["long", ["integer"]],
  ["double", ["integer", "number"]],
  ["boolean", ["boolean"]],
];
const KINDS: readonly MemberKind[] = ["text", "texts", "integer", "number", "boolean", "other"];

describe("a value of a known shape", () => {
  test.each(held)("fits a field that is %s where it is of %j", (kind, members) => {
    for (const member of KINDS)
      expect(new ValueShape({ a: "other", b: member }).fits({ b: kind })).toBe(members.includes(member));
  });

  test("fits whatever is declared that it does not have", () => {
    for (const kind of FIELD_KINDS)
      expect(new ValueShape({ a: "other" }).fits({ constructor: kind, b: kind })).toBe(true);
  });

  test("fits no field by the name of what all objects have", () => {
    expect(new ValueShape({ valueOf: "other" } as object as MemberKinds).fits({})).toBe(true);
  });

  test("is asked anew for other fields", () => {
    const shape = new ValueShape({ b: "text" });
    const [texts, numbers]: DeclaredFields[] = [{ b: "keyword" }, { b: "long" }];

    expect([texts, numbers, texts].map((fields) => shape.fits(fields as DeclaredFields))).toEqual([true, false, true]);
  });
});
