import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import type { EventStore } from "#core/events/event-store.ts";
import type { Aggregation } from "#core/events/query/aggregation.ts";
import type { FieldCondition } from "#core/events/query/event-filter.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { declarationOf, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import type { TypeRegister } from "#core/events/types/type-register.ts";
import { type EmbeddedDatabase, openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { DECLARED_TYPES_LIFETIME_MS } from "#stores/opensearch/declared-types.ts";
import { type Isolated, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { anEntry, anEvent } from "#test/support/samples/an-event.ts";

jest.setTimeout(60_000);

/** A store as one process has it, and what declares types in it. */
interface Opened {
  readonly store: EventStore;
  readonly register: TypeRegister;
}

const orders = (name: string, fields: EventTypeDeclaration["fields"] = { amount: "double", currency: "keyword" }) =>
  ({ name, period: "month", retentionDays: 30, fields }) as const;

/** What holds on every engine; `open` is another process each time. */
function learnsTypes(open: () => Promise<Opened>): void {
  let opened: Opened;
  let sequenceNumber = 0;

  beforeAll(async () => {
    opened = await open();
  });

  async function keep(type: string, ...values: string[]): Promise<Event[]> {
    const events = values.map((value) => anEvent({ type, value }));
    const entries = events.map((event) => anEntry(event, "events/declared", ++sequenceNumber));
    await opened.store.keep(entries);
    await opened.store.checkpoint("events/declared", entries.at(-1)?.point.seq as string);
    return events;
  }

  const query = (type: string, ...conditions: FieldCondition[]) => ({
    ...everyEvent("default"),
    types: [type],
    conditions,
  });
  const found = async (type: string, ...conditions: FieldCondition[]) =>
    (await opened.store.search(query(type, ...conditions), { offset: 0, limit: 100 })).events
      .map(({ id }) => id)
      .sort();
  const idsOf = (events: readonly Event[]) => events.map(({ id }) => id).sort();
  const aggregate = (type: string, aggregation: Partial<Aggregation>) =>
    opened.store.aggregate(query(type), { aggregator: { type: "count" }, size: 10, ...aggregation });
  const sumOf = (name: string) => ({ aggregator: { type: "sum", field: { kind: "declared", name } } }) as const;

  test("a type that is declared when it has events has its fields from then on, and keeps those events", async () => {
    const before = await keep("late", '{"amount":1,"currency":"EUR"}', '{"amount":2,"currency":"EUR"}', "7");

    await opened.register.declare(orders("late"), 1);
    const after = await keep("late", '{"amount":10,"currency":"EUR"}', '{"amount":20,"currency":"USD"}', "5");

    expect(await found("late")).toEqual(idsOf([...before, ...after]));
    expect(await found("late", { field: "currency", oneOf: ["EUR"] })).toEqual(idsOf(after.slice(0, 1)));
    expect(await found("late", { field: "amount", gte: 1 })).toEqual(idsOf(after.slice(0, 2)));
    expect(await aggregate("late", sumOf("amount"))).toEqual({ value: 30 });
    expect(await aggregate("late", { aggregator: { type: "sum", field: { kind: "leaf", path: "amount" } } })).toEqual({
      value: 3,
    });
    expect(await aggregate("late", { aggregator: { type: "sum", field: { kind: "number" } } })).toEqual({ value: 12 });
    expect(await aggregate("late", { groupBy: { by: "type" } })).toEqual({
      groups: [{ key: "late", count: 6, value: 6 }],
    });
    const summaries = await opened.store.eventTypes("default");
    expect(summaries.filter(({ type }) => type === "late")).toMatchObject([{ type: "late", count: 6 }]);
  });

  test("a field that is added is there from then on, beside those that were", async () => {
    await opened.register.declare(orders("grown", { amount: "double" }), 1);
    const before = await keep("grown", '{"amount":1,"customer":{"country":"DE"}}');

    await opened.register.declare(orders("grown", { amount: "double", "customer.country": "keyword" }), 2);
    const after = await keep("grown", '{"amount":2,"customer":{"country":"DE"}}');

    expect(await found("grown", { field: "amount", gte: 0 })).toEqual(idsOf([...before, ...after]));
    expect(await found("grown", { field: "customer.country", oneOf: ["DE"] })).toEqual(idsOf(after));
    expect(await aggregate("grown", sumOf("amount"))).toEqual({ value: 3 });
    expect(
      await aggregate("grown", { groupBy: { by: "field", field: { kind: "declared", name: "customer.country" } } }),
    ).toEqual({ groups: [{ key: "DE", count: 1, value: 1 }] });
  });

  test("a type holds for its name in any case", async () => {
    await opened.register.declare(orders("cased"), 1);
    const events = await keep("Cased", '{"amount":4,"currency":"EUR"}');

    expect(await found("Cased", { field: "currency", oneOf: ["EUR"] })).toEqual(idsOf(events));
    expect(await opened.register.standing("cased")).toMatchObject({ events: { period: "month", shared: false } });
  });

  test("what an earlier version says comes too late", async () => {
    await opened.register.declare({ ...orders("versions"), retentionDays: 2 }, 2);

    await opened.register.declare({ ...orders("versions"), retentionDays: 1 }, 1);

    expect((await opened.register.standing("versions")).inForce).toMatchObject({ retentionDays: 2 });
  });

  test("what was declared holds for another process, too, beside what the deployment declares", async () => {
    await opened.register.declare(orders("elsewhere"), 1);
    await opened.register.declare({ name: "health", period: "month", retentionDays: 3 }, 1);

    const other = await open();
    const types = await other.store.types();

    expect(declarationOf("elsewhere", types)).toEqual(orders("elsewhere"));
    expect(declarationOf("health", types)).toMatchObject({ retentionDays: 3 });
    expect(Object.keys(declarationOf("haproxy", types).fields ?? {})).toContain("ST");
  });

  test("types that many declare at once are all declared", async () => {
    const others = await Promise.all([open(), open(), open()]);
    const names = Array.from({ length: 9 }, (_, index) => `many-${index}`);

    await Promise.all(names.map((name, index) => (others[index % 3] as Opened).register.declare(orders(name), 1)));

    for (const name of names) expect((await opened.register.standing(name)).inForce).toEqual(orders(name));
  });

  test("a type stands where its first event went, or is still free", async () => {
    await keep("standing", "1");
    await opened.register.declare({ ...orders("free"), period: "day" }, 1);

    expect(await opened.register.standing("standing")).toEqual({
      events: { period: "month", shared: false },
    });
    expect(await opened.register.standing("free")).toEqual({ inForce: { ...orders("free"), period: "day" } });
    expect((await opened.register.standing("metrics")).deployed).toMatchObject({ name: "metrics" });
  });
}

describe("the embedded store", () => {
  let database: EmbeddedDatabase;
  beforeAll(() => {
    database = openDatabase(":memory:");
  });
  afterAll(() => database.close());

  learnsTypes(async () => {
    const store = new EmbeddedEventStore({ database });
    return { store, register: store };
  });
});

describeOpenSearch("the OpenSearch store", (url) => {
  let isolated: Isolated;
  beforeAll(async () => {
    isolated = await isolateInstalled(url());
  });
  afterAll(() => isolated.remove());

  learnsTypes(async () => {
    // Queries may be some seconds behind; here every one of them looks.
    let nowMs = 0;
    const store = await isolated.open({ now: () => (nowMs += 2 * DECLARED_TYPES_LIFETIME_MS) });
    return { store, register: store.register };
  });

  test("queries know a declaration after seconds, what is kept has its fields at once", async () => {
    let nowMs = 0;
    const declaring = await isolated.open();
    const other = await isolated.open({ now: () => nowMs });
    expect(declarationOf("soon", await other.types()).fields).toBeUndefined();
    await declaring.register.declare(orders("soon"), 1);

    nowMs = DECLARED_TYPES_LIFETIME_MS;
    const still = declarationOf("soon", await other.types());
    nowMs += 1;
    const then = declarationOf("soon", await other.types());
    expect([still.fields, then]).toEqual([undefined, orders("soon")]);

    await declaring.register.declare(orders("sooner"), 1);
    const event = anEvent({ type: "sooner", value: '{"currency":"EUR"}' });
    await other.keep([{ event }]);
    await other.refresh();
    const conditions = [{ field: "currency", oneOf: ["EUR"] }];
    const { total } = await declaring.search(
      { ...everyEvent("default"), types: ["sooner"], conditions },
      { offset: 0, limit: 1 },
    );
    expect(total).toBe(1);
  });

  test("a type beyond those with an index of their own is known to share one", async () => {
    const store = await isolated.open({ maxOwnIndices: 0 });
    await store.keep([{ event: anEvent({ type: "the-201st" }) }]);

    expect((await store.register.standing("the-201st")).events).toEqual({ period: "month", shared: true });
  });

  test("queries go on by what was known while declarations cannot be read", async () => {
    const store = await isolated.open({ readRetry: { tries: 1, baseMs: 1, maxMs: 1 } }, "http://127.0.0.1:1");

    expect(declarationOf("health", await store.types())).toMatchObject({ name: "health" });
  });
});
