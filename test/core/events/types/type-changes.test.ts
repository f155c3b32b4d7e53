import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  DEFAULT_EVENT_TYPES,
  type EventTypeDeclaration,
  FIELD_KINDS,
  HAPROXY_EVENT_TYPE,
} from "#core/events/types/event-types.ts";
import { allTogether, faultsOfChange, together } from "#core/events/types/type-changes.ts";

const ORDERS: EventTypeDeclaration = {
  name: "orders",
  period: "month",
  retentionDays: 30,
  fields: { amount: "double", currency: "keyword" },
};
const HAD_EVENTS = { period: "month", shared: false } as const;

const pointers = (...change: Parameters<typeof faultsOfChange>): string[] =>
  faultsOfChange(...change).map(({ pointer }) => pointer);

describe("a change of a declared type that has events", () => {
  const standing = { inForce: ORDERS, events: HAD_EVENTS };

  test("may add fields and change the retention", () => {
    const fields = { ...ORDERS.fields, paid: "boolean" } as const;

    expect(faultsOfChange({ ...ORDERS, retentionDays: 7, fields }, standing)).toEqual([]);
  });

  test("must not take a field away, give it another kind, or change the period", () => {
    const wanted = { ...ORDERS, period: "day", fields: { amount: "long" } } as const;

    expect(faultsOfChange(wanted, standing)).toEqual([
      { pointer: "/period", detail: expect.stringMatching(/must stay "month".*events/) },
      { pointer: "/fields/amount", detail: "must stay double: the type has events" },
      { pointer: "/fields/currency", detail: "must not be removed: the type has events" },
    ]);
  });

  test("may not be where its events share an index with those of others", () => {
    expect(pointers(ORDERS, { events: { period: "month", shared: true } })).toEqual([""]);
  });

  test("may give fields to one that was used undeclared, but no other period than it had", () => {
    expect(pointers(ORDERS, { events: HAD_EVENTS })).toEqual([]);
    expect(pointers({ ...ORDERS, period: "day" }, { events: HAD_EVENTS })).toEqual(["/period"]);
  });

  const declaration = fc.record({
    name: fc.constant("orders"),
    period: fc.constantFrom("day", "month"),
    retentionDays: fc.integer({ min: 1, max: 400 }),
    fields: fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom(...FIELD_KINDS)),
  });

  test("never moves a column or an index, however many are accepted", () => {
    fc.assert(
      fc.property(declaration, fc.array(declaration, { maxLength: 30 }), (first, changes) => {
        let inForce: EventTypeDeclaration = first;
        const events = { period: first.period, shared: false };
        for (const wanted of changes) {
          const accepted = faultsOfChange(wanted, { inForce, events }).length === 0;
          const isCompatible =
            wanted.period === first.period &&
            Object.entries(inForce.fields ?? {}).every(
              ([field, kind]) => (wanted.fields as Record<string, string>)[field] === kind,
            );
          expect(accepted).toBe(isCompatible);
          if (accepted) inForce = wanted;
        }
        expect(inForce).toMatchObject({ period: first.period, fields: first.fields });
      }),
    );
  });
});

test("a change of a type without events may be any", () => {
  expect(pointers({ name: "orders", period: "day", retentionDays: 1 }, { inForce: ORDERS })).toEqual([]);
});

describe("a type that the deployment declares", () => {
  const deployed: EventTypeDeclaration = {
    name: "orders",
    period: "day",
    retentionDays: 90,
    fields: { sku: "keyword" },
  };

  test("keeps the deployment's fields, which need not be said again", () => {
    const standing = { deployed, inForce: deployed, events: { period: "day", shared: false } } as const;
    const wanted = { ...ORDERS, period: "day" } as const;

    expect(pointers(wanted, standing)).toEqual([]);
    expect(pointers({ ...wanted, fields: { sku: "long" } }, standing)).toEqual(["/fields/sku"]);
    expect(together(deployed, wanted)).toEqual({ ...wanted, fields: { ...ORDERS.fields, sku: "keyword" } });
  });

  test.each(DEFAULT_EVENT_TYPES)("and every deployment has, $name, gets another retention, but no field", (type) => {
    const standing = { deployed: type, inForce: type };

    expect(pointers({ ...type, retentionDays: 3 }, standing)).toEqual([]);
    expect(pointers({ ...type, fields: { mine: "keyword" } }, standing)).toEqual(["/fields/mine"]);
  });

  test("keeps HAProxy's fields when only its retention is declared", () => {
    const all = allTogether(DEFAULT_EVENT_TYPES, [
      { name: HAPROXY_EVENT_TYPE, period: "day", retentionDays: 3 },
      ORDERS,
    ]);

    const haproxy = DEFAULT_EVENT_TYPES.find(({ name }) => name === HAPROXY_EVENT_TYPE);
    expect(all.find(({ name }) => name === HAPROXY_EVENT_TYPE)).toEqual({ ...haproxy, retentionDays: 3 });
    expect(all.map(({ name }) => name)).toEqual([...DEFAULT_EVENT_TYPES.map(({ name }) => name), "orders"]);
  });
});
