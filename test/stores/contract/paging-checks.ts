import { expect } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import type { EventQuery, EventStore } from "#core/events/event-store.ts";
import { MAX_BUCKETS } from "#core/events/query/aggregation.ts";
import type { Cursor } from "#core/events/query/cursor.ts";
import type { Check } from "#test/stores/contract/ground.ts";
import { RECEIVED_AT_MS } from "#test/support/samples/an-event.ts";

/** More than any check here keeps: cursors that lead in a circle fail instead of running for ever. */
const MAX_EVENTS = 5_000;

/** Every page that cursors lead to; `between` runs after each. */
async function readByCursor(
  store: EventStore,
  query: EventQuery,
  limit: number,
  between = async (): Promise<unknown> => undefined,
): Promise<Event[]> {
  const events: Event[] = [];
  for (let after: Cursor | "start" = "start"; ; ) {
    const page = await store.search(query, { after, limit });
    events.push(...page.events);
    const last = page.events.at(-1);
    if (last === undefined) return events;
    expect(events.length).toBeLessThan(MAX_EVENTS);
    after = { timestampMs: last.timestampMs, id: last.id };
    await between();
  }
}

const tied = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ timestampMs: RECEIVED_AT_MS + Math.floor(index / 4) }));

export const pagingChecks: readonly Check[] = [
  {
    name: "answers a page and the total of all pages, also past the end",
    check: async ({ store, query, keep }) => {
      const events = (await keep([...tied(10), { tags: ["other"] }])).slice(0, 10).reverse();
      const page = (offset: number, limit: number) => store.search(query({ tags: ["tests"] }), { offset, limit });

      expect(await page(0, 4)).toEqual({ events: events.slice(0, 4), total: 10 });
      expect(await page(4, 4)).toEqual({ events: events.slice(4, 8), total: 10 });
      expect(await page(8, 4)).toEqual({ events: events.slice(8), total: 10 });
      expect(await page(10, 4)).toEqual({ events: [], total: 10 });
      expect(await page(9_000, 1_000)).toEqual({ events: [], total: 10 });
    },
  },
  {
    name: "leads by cursors to every event once, in order, even among ties",
    check: async ({ store, query, keep }) => {
      const events = (await keep(tied(23))).reverse();

      for (const limit of [1, 3, 4, 23, 1000]) expect(await readByCursor(store, query(), limit)).toEqual(events);
    },
  },
  {
    name: "answers the total of the whole query behind a cursor too",
    check: async ({ store, query, keep }) => {
      const events = (await keep(tied(9))).reverse();
      const { timestampMs = 0, id = "" } = events[5] ?? {};

      const page = await store.search(query(), { after: { timestampMs, id }, limit: 2 });

      expect(page).toEqual({ events: events.slice(6, 8), total: 9 });
    },
  },
  {
    name: "goes on after a cursor whose own event is not among those asked for",
    check: async ({ store, query, keep }) => {
      const [older, same, newer] = await keep([
        { timestampMs: RECEIVED_AT_MS - 1 },
        { timestampMs: RECEIVED_AT_MS, id: "11111111-0000-7000-8000-000000000000" },
        { timestampMs: RECEIVED_AT_MS + 1 },
      ]);
      const after = async (timestampMs: number, id: string) =>
        (await store.search(query(), { after: { timestampMs, id }, limit: 10 })).events;

      expect(await after(RECEIVED_AT_MS, "22222222-0000-7000-8000-000000000000")).toEqual([same, older]);
      expect(await after(RECEIVED_AT_MS, "00000000-0000-7000-8000-000000000000")).toEqual([older]);
      expect(await after(RECEIVED_AT_MS + 5, "00000000-0000-7000-8000-000000000000")).toEqual([newer, same, older]);
      expect(await after(RECEIVED_AT_MS - 5, "ffffffff-0000-7000-8000-000000000000")).toEqual([]);
    },
  },
  {
    name: "leads by cursors to all that was there at the start, once, while others write",
    check: async ({ store, query, keep }) => {
      const before = (await keep(tied(30))).reverse();
      const ids = new Set(before.map((event) => event.id));
      const writeEverywhere = () =>
        keep([-1000, 0, 3, 5, 1000].map((offset) => ({ timestampMs: RECEIVED_AT_MS + offset })));

      const read = await readByCursor(store, query({ fromMs: RECEIVED_AT_MS }), 4, writeEverywhere);

      expect(read.filter((event) => ids.has(event.id))).toEqual(before);
      expect(new Set(read.map((event) => event.id)).size).toBe(read.length);
    },
  },
  {
    name: "answers the deepest page, cursors beyond it, and as many buckets as an answer may hold but not one more",
    check: async ({ store, query, keep }) => {
      const oldestMs = RECEIVED_AT_MS - MAX_BUCKETS * 1000;
      for (let kept = 0; kept <= MAX_BUCKETS; kept += 2_500) {
        const batch = Math.min(2_500, MAX_BUCKETS + 1 - kept);
        await keep(Array.from({ length: batch }, (_, index) => ({ timestampMs: oldestMs + (kept + index) * 1000 })));
      }
      const series = { aggregator: { type: "count" }, size: 10, intervalMs: 1000 } as const;

      const { events, total } = await store.search(query(), { offset: 9_999, limit: 1 });
      const [last] = events;
      const beyond = await store.search(query(), {
        after: { timestampMs: last?.timestampMs ?? 0, id: last?.id ?? "" },
        limit: 10,
      });

      expect([total, last?.timestampMs]).toEqual([MAX_BUCKETS + 1, oldestMs + 1000]);
      expect(beyond.events.map((event) => event.timestampMs)).toEqual([oldestMs]);
      await expect(store.aggregate(query(), series)).rejects.toMatchObject({ kind: "invalid-input" });
      expect(await store.aggregate(query({ fromMs: oldestMs + 1 }), series)).toHaveProperty(
        "series.length",
        MAX_BUCKETS,
      );
    },
  },
];
