import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { DAY_MS } from "#core/events/time/calendar.ts";
import type { TypeRegister } from "#core/events/types/type-register.ts";
import { type EmbeddedDatabase, openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { type Isolated, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { anEntry, anEvent } from "#test/support/samples/an-event.ts";

jest.setTimeout(60_000);

const NOW_MS = Date.UTC(2026, 2, 15, 12);
const daysAgo = (days: number): number => NOW_MS - days * DAY_MS;

/** A store that forgets what is past its retention when it is told what time it is. */
interface Forgetful {
  readonly store: EventStore;
  readonly register: TypeRegister;
  forget(nowMs: number): Promise<unknown>;
}

/** The same rule on every engine, to the same event. */
function forgets(open: () => Promise<Forgetful>): void {
  let opened: Forgetful;
  let shards = 0;

  beforeAll(async () => {
    opened = await open();
  });

  /** Events of a type that were received so many days ago, in a shard of their own. */
  async function keep(type: string, ...ages: number[]) {
    const shard = `events/retention-${++shards}`;
    const events = ages.map((age) => anEvent({ type, value: '{"n":1}', receivedAtMs: daysAgo(age) }));
    const entries = events.map((event, index) => anEntry(event, shard, index + 1));
    expect(await opened.store.keep(entries)).toEqual(entries.map(() => ({ kept: true })));
    await opened.store.checkpoint(shard, entries.at(-1)?.point.seq as string);
    return { shard, entries, events };
  }

  const found = async (type: string) => {
    const { events, total } = await opened.store.search(
      { ...everyEvent("default"), types: [type] },
      { offset: 0, limit: 100 },
    );
    expect(total).toBe(events.length);
    return events.map(({ id }) => id).sort();
  };
  const idsOf = (events: readonly Event[]) => events.map(({ id }) => id).sort();

  test("a day goes as a whole when all of it is longer ago than its type is retained", async () => {
    await opened.register.declare({ name: "daily", period: "day", retentionDays: 10 }, 1);
    // Noon now: ten days ago is a day that is not yet over.
    const { events } = await keep("daily", 0, 9.9, 10, 10.4, 10.6, 11, 400);

    await opened.forget(NOW_MS);

    expect(await found("daily")).toEqual(idsOf(events.slice(0, 4)));
  });

  test("a month goes as a whole, whatever day of it the event is of", async () => {
    await opened.register.declare({ name: "monthly", period: "month", retentionDays: 20 }, 1);
    const { events } = await keep("monthly", 0, 14, 30, 42, 43, 100);

    await opened.forget(NOW_MS);

    // Twenty days ago it was February, which began 42.5 days ago.
    expect(await found("monthly")).toEqual(idsOf(events.slice(0, 4)));
  });

  test("types that nobody declared are kept for 13 months", async () => {
    const { events } = await keep("undeclared", 0, 390, 450);

    await opened.forget(NOW_MS);

    expect(await found("undeclared")).toEqual(idsOf(events.slice(0, 2)));
  });

  test("follows what is declared anew", async () => {
    const declare = (retentionDays: number, version: number) =>
      opened.register.declare({ name: "changing", period: "day", retentionDays }, version);
    await declare(100, 1);
    const { events } = await keep("changing", 1, 50, 90);

    await opened.forget(NOW_MS);
    expect(await found("changing")).toEqual(idsOf(events));
    await declare(60, 2);
    await opened.forget(NOW_MS);

    expect(await found("changing")).toEqual(idsOf(events.slice(0, 2)));
  });

  test("leaves positions, streams, counts and single events right", async () => {
    await opened.register.declare({ name: "followed", period: "day", retentionDays: 10 }, 1);
    const start = await opened.store.position();
    const { shard, entries, events } = await keep("followed", 30, 20, 1, 0);
    const between = { ...start, shards: new Map([...start.shards, [shard, entries[0]?.point.seq as string]]) };

    await opened.forget(NOW_MS);

    const position = await opened.store.position();
    expect(position.shards.get(shard)).toBe(entries[3]?.point.seq);
    const filter = { ...everyEvent("default"), types: ["followed"] };
    for (const from of [start, between]) {
      const page = await opened.store.tail(filter, from, 100);
      expect(page.entries).toEqual(entries.slice(2));
      expect(page.caughtUp).toBe(true);
    }
    const count = { aggregator: { type: "count" }, size: 1 } as const;
    expect(await opened.store.aggregate(filter, count)).toEqual({ value: 2 });
    expect(await opened.store.find("default", events[0]?.id as string)).toBeUndefined();
    expect(await opened.store.find("default", events[3]?.id as string)).toEqual(events[3]);
    const summaries = await opened.store.eventTypes("default");
    expect(summaries.find(({ type }) => type === "followed")).toMatchObject({ count: 2 });

    await opened.store.keep(entries.slice(2));
    const later = await keep("followed", 0);
    expect(await found("followed")).toEqual(idsOf([...events.slice(2), ...later.events]));
  });

  test("twice is as once", async () => {
    await opened.forget(NOW_MS);
    const before = await opened.store.eventTypes("default");

    await opened.forget(NOW_MS);

    expect(await opened.store.eventTypes("default")).toEqual(before);
  });
}

describe("the embedded store forgets what is past its retention", () => {
  let database: EmbeddedDatabase;
  beforeAll(() => {
    database = openDatabase(":memory:");
  });
  afterAll(() => database.close());

  forgets(async () => {
    const store = new EmbeddedEventStore({ database });
    return { store, register: store, forget: (nowMs) => store.forget(nowMs) };
  });
});

describeOpenSearch("the OpenSearch store forgets what is past its retention", (url) => {
  let isolated: Isolated;
  beforeAll(async () => {
    isolated = await isolateInstalled(url());
  });
  afterAll(() => isolated.remove());

  forgets(async () => {
    const store = await isolated.open();
    return { store, register: store.register, forget: (nowMs) => store.forget(nowMs) };
  });

  test("and deletes no index but those of events", async () => {
    const store = await isolated.open();
    const { request } = await import("#stores/opensearch/client.ts");
    const foreign = `${isolated.prefix}.health.default.notes`;
    await request(isolated.client, { method: "PUT", path: `/${foreign}` });

    const forgotten = await store.forget(NOW_MS + 10_000 * DAY_MS);

    expect(forgotten.every((index) => /\.\d{4}-\d\d(-\d\d)?$/.test(index))).toBe(true);
    const { status } = await request(isolated.client, { method: "HEAD", path: `/${foreign}`, expect: [404] });
    expect(status).toBe(200);
    expect((await store.position()).shards.size).toBeGreaterThan(0);
  });
});
