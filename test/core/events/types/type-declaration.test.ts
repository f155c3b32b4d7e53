import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Fault, PulseError } from "#core/errors.ts";
import { readTypeDeclaration } from "#core/events/types/type-declaration.ts";

const ORDERS = { period: "month", retentionDays: 30, fields: { amount: "double", "customer.country": "keyword" } };

function faultsOf(type: string, source: unknown): readonly Fault[] {
  try {
    readTypeDeclaration(type, source);
  } catch (error) {
    if (error instanceof PulseError && error.kind === "invalid-input") return error.faults;
    throw error;
  }
  return [];
}

describe("a declaration of a type", () => {
  test("is read with its fields, whatever case its name is written in", () => {
    expect(readTypeDeclaration("orders", { ...ORDERS, name: "Orders" })).toEqual({ ...ORDERS, name: "orders" });
  });

  test("has no fields where it names none", () => {
    const plain = { name: "orders", period: "day", retentionDays: 1 };

    expect(readTypeDeclaration("orders", { period: "day", retentionDays: 1 })).toEqual(plain);
    expect(readTypeDeclaration("orders", { ...plain, fields: {} })).toEqual(plain);
  });

  test("is refused with all that is wrong with it", () => {
    const source = { name: "other", period: "week", retentionDays: 0.5, fields: { a: "text", b: 1 }, indices: 1 };

    expect(
      faultsOf("orders", source)
        .map(({ pointer }) => pointer)
        .sort(),
    ).toEqual(["/fields/a", "/fields/b", "/indices", "/name", "/period", "/retentionDays"]);
  });

  test.each([null, [], "text", 3])("is refused where its source is %j", (source) => {
    expect(faultsOf("orders", source)).toHaveLength(1);
  });

  test("says what is missing", () => {
    expect(faultsOf("orders", {})).toEqual([
      { pointer: "/period", detail: "is missing: day or month" },
      { pointer: "/retentionDays", detail: "is missing: for how many days events are kept" },
    ]);
  });

  test.each([0, -1, 36_501, "30", null, Number.NaN])("is refused for a retention of %j days", (retentionDays) => {
    expect(faultsOf("orders", { ...ORDERS, retentionDays })).toMatchObject([
      { pointer: "/retentionDays", detail: expect.stringContaining("whole number of days") },
    ]);
  });

  test.each(["a b", "", "ä", "x".repeat(101), "~shared", "a.b", "*", "_all,x"])(
    "is refused for a type named %j",
    (type) => {
      expect(faultsOf(type, ORDERS)).toMatchObject([{ detail: expect.stringContaining("is no event type") }]);
    },
  );

  test("is refused for a type in capitals, which would be the same type", () => {
    expect(faultsOf("Orders", ORDERS)).toMatchObject([{ detail: expect.stringContaining('"orders"') }]);
  });

  test.each([
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "a b",
    "*",
    "a*",
    'a"',
    "a\n",
    "__proto__",
    "x.__proto__.y",
    "x".repeat(201),
  ])("is refused for a field named %j", (name) => {
    expect(faultsOf("orders", { ...ORDERS, fields: Object.fromEntries([[name, "keyword"]]) })).toHaveLength(1);
  });

  test("is refused where a field lies in another, which is no object", () => {
    const fields = { customer: "keyword", "customer.country": "keyword", "customer.address.city": "keyword" };

    expect(faultsOf("orders", { ...ORDERS, fields }).map(({ pointer }) => pointer)).toEqual([
      "/fields/customer.country",
      "/fields/customer.address.city",
    ]);
  });

  test("is refused for more fields than indices ought to have", () => {
    const fields = Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`f${index}`, "long"]));

    expect(faultsOf("orders", { ...ORDERS, fields })).toMatchObject([{ pointer: "/fields" }]);
  });

  test("is read or refused with its faults, whatever comes", () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (type, source) => {
        faultsOf(type, source);
        faultsOf("orders", { ...ORDERS, fields: source });
      }),
    );
  });
});
