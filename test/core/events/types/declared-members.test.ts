import { describe, expect, test } from "@jest/globals";
import { declaredMembers, declaredScalars } from "#core/events/types/declared-members.ts";
import { toBulkLines } from "#stores/opensearch/event-document.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

const FIELDS = { sku: "keyword", "customer.country": "keyword", "items.price": "double" } as const;

describe("declared fields of a value", () => {
  test("are its members, and by a path those of objects in it", () => {
    const value = { sku: "a", customer: { country: "DE", name: "x" }, other: 1 };

    expect(Object.fromEntries(declaredMembers(value, FIELDS))).toEqual({ sku: "a", "customer.country": "DE" });
  });

  test("are looked for through arrays, of arrays too", () => {
    const value = { items: [{ price: 1 }, [{ price: [2, "no number"] }], { name: "x" }, 3, null] };

    expect(declaredScalars(value, "items.price", "double")).toEqual([1, 2]);
  });

  test("are the member whose name has the dots, where there is one", () => {
    const value = { "customer.country": "FR", customer: { country: "DE" } };

    expect(declaredScalars(value, "customer.country", "keyword")).toEqual(["FR"]);
  });

  test("are none where the value goes another way", () => {
    for (const value of [{}, { customer: "DE" }, { customer: null }, { customer: [] }, { customer: { country: {} } }])
      expect(declaredScalars(value, "customer.country", "keyword")).toEqual([]);
  });

  test("are found in arrays that are nested as deep as an event can be", () => {
    const text = `{"items":${"[".repeat(100_000)}{"price":1}${"]".repeat(100_000)}}`;

    expect(declaredScalars(JSON.parse(text), "items.price", "double")).toEqual([1]);
  });

  test("go into a document by their path", () => {
    const value = '{"sku":"a","items":[{"price":1},{"price":2.5}],"customer":{"country":7}}';
    const [, document] = toBulkLines("i", { event: anEvent({ value }) }, FIELDS).split("\n");

    expect(JSON.parse(document ?? "").fields).toEqual({ sku: "a", "items.price": [1, 2.5] });
  });
});
