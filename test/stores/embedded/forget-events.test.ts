import { describe, expect, test } from "@jest/globals";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { DEFAULT_EVENT_TYPES } from "#core/events/types/event-types.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { anEvent, RECEIVED_AT_MS } from "#test/support/samples/an-event.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Of the day that the tests take for today: a day is forgotten as a whole. */
const DAY_START_MS = RECEIVED_AT_MS - (RECEIVED_AT_MS % DAY_MS);

function openStore() {
  const database = openDatabase(":memory:");
  const declared = DEFAULT_EVENT_TYPES.map((type) =>
    type.name === "health" ? { ...type, period: "day" as const, retentionDays: 10 } : type,
  );
  return { database, store: new EmbeddedEventStore({ database, declared }) };
}

describe("forgetting", () => {
  test("removes what was received longer ago than its type is retained, and only that", async () => {
    const { store } = openStore();
    const kept = [
      anEvent({ type: "health", tags: ["old"], value: '{"a":[1,2]}', receivedAtMs: DAY_START_MS - 10 * DAY_MS - 1 }),
      anEvent({ type: "health", tags: ["old", "new"], value: "1", receivedAtMs: DAY_START_MS - 10 * DAY_MS }),
      anEvent({ type: "metrics", tags: ["old"], value: "2", receivedAtMs: RECEIVED_AT_MS - 20 * DAY_MS }),
    ];
    await store.keep(kept.map((event) => ({ event })));

    const forgotten = await store.forget(RECEIVED_AT_MS);

    expect(forgotten).toBe(1);
    expect(await store.find("default", kept[0]?.id as string)).toBeUndefined();
    const left = await store.search({ ...everyEvent("default"), tags: ["old"] }, { offset: 0, limit: 10 });
    expect(left.total).toBe(2);
    expect(left.events.map(({ id }) => id).sort()).toEqual(kept.slice(1).map(({ id }) => id));
    const sum = { type: "sum", field: { kind: "leaf", path: "a" } } as const;
    expect(await store.aggregate(everyEvent("default"), { aggregator: sum, size: 1 })).toEqual({ value: 0 });
  });

  test("removes thousands, and leaves no row of any table behind", async () => {
    const { database, store } = openStore();
    const old = Array.from({ length: 1201 }, (_, index) =>
      anEvent({ type: "health", tags: ["all", `only:${index}`], value: `{"n":${index}}`, receivedAtMs: 0 }),
    );
    await store.keep(old.map((event) => ({ event })));

    const forgotten = await store.forget(RECEIVED_AT_MS);

    expect(forgotten).toBe(1201);
    for (const table of ["event", "tagged", "tag_set", "field", "path", "tag WHERE tag IS NOT NULL"])
      expect(database.get(`SELECT count(*) AS rows FROM ${table}`)).toEqual({ rows: 0 });
    expect(await store.eventTypes("default")).toEqual([]);
  });

  test("leaves nothing behind of a type whose fields were declared when it had events", async () => {
    const { database, store } = openStore();
    const keep = () =>
      store.keep([{ event: anEvent({ type: "late", value: '{"n":1,"word":"a","list":[1,2]}', receivedAtMs: 0 }) }]);
    await keep();
    await store.declare({ name: "late", period: "day", retentionDays: 1, fields: { word: "keyword" } }, 1);
    await keep();
    await store.declare({ name: "late", period: "day", retentionDays: 1, fields: { word: "keyword", n: "long" } }, 2);
    await keep();

    expect(await store.forget(RECEIVED_AT_MS)).toBe(3);

    for (const table of ["event", "tagged", "tag_set", "field", "path", "tag WHERE tag IS NOT NULL"])
      expect(database.get(`SELECT count(*) AS rows FROM ${table}`)).toEqual({ rows: 0 });
  });

  test("follows a retention that is declared anew, in both directions", async () => {
    const { store } = openStore();
    const days = [2, 5, 20].map((age) => anEvent({ type: "health", receivedAtMs: DAY_START_MS - age * DAY_MS }));
    await store.keep(days.map((event) => ({ event })));
    const declare = (retentionDays: number, version: number) =>
      store.declare({ name: "health", period: "day", retentionDays }, version);

    await declare(30, 1);
    expect(await store.forget(RECEIVED_AT_MS)).toBe(0);
    await declare(3, 2);
    expect(await store.forget(RECEIVED_AT_MS)).toBe(2);

    const { events } = await store.search(everyEvent("default"), { offset: 0, limit: 10 });
    expect(events).toEqual(days.slice(0, 1));
  });

  test("keeps what comes after under tags that were forgotten", async () => {
    const { store } = openStore();
    await store.keep([{ event: anEvent({ type: "health", receivedAtMs: 0 }) }]);
    await store.forget(RECEIVED_AT_MS);

    await store.keep([{ event: anEvent({ type: "health" }) }]);

    const found = await store.search({ ...everyEvent("default"), tags: ["tests"] }, { offset: 0, limit: 10 });
    expect(found.total).toBe(1);
  });
});
