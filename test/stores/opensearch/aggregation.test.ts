import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import type { EventStore } from "#core/events/event-store.ts";
import type { AggregatedField } from "#core/events/query/aggregation.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { type Isolated, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { anEntry, anEvent, RECEIVED_AT_MS } from "#test/support/samples/an-event.ts";

jest.setTimeout(120_000);

const HOUR_MS = 3_600_000;

describeOpenSearch("what OpenSearch 3.4 aggregates wrongly unless it is asked in another way", (url) => {
  let isolated: Isolated;
  let store: EventStore;
  beforeAll(async () => {
    isolated = await isolateInstalled(url());
    store = await isolated.open();
  });
  afterAll(() => isolated.remove());

  let records = 0;
  async function keep(drafts: Parameters<typeof anEvent>[0][]): Promise<void> {
    const entries = drafts.map((draft) => anEntry(anEvent(draft), "events/s", ++records));
    await store.keep(entries);
    await store.checkpoint("events/s", entries.at(-1)?.point.seq ?? "");
  }

  test("counts a range of time right where documents have nested ones", async () => {
    const namespace = "ranges";
    const hours = Array.from({ length: 60 }, (_, index) => (index * 7) % 10);
    for (let from = 0; from < hours.length; from += 5)
      await keep(
        hours.slice(from, from + 5).map((hour, index) => ({
          namespace,
          timestampMs: RECEIVED_AT_MS + hour * HOUR_MS,
          value: index % 2 === 0 ? '{"x":1,"y":2}' : "1",
        })),
      );

    for (let first = 0; first < 10; first++)
      for (let last = first; last < 10; last++) {
        const bounds = { fromMs: RECEIVED_AT_MS + first * HOUR_MS, toMs: RECEIVED_AT_MS + last * HOUR_MS };
        const query = { ...everyEvent(namespace), ...bounds };
        const count = hours.filter((hour) => hour >= first && hour <= last).length;
        const groups = await store.aggregate(query, {
          aggregator: { type: "count" },
          groupBy: { by: "type" },
          size: 10,
        });
        const value = await store.aggregate(query, { aggregator: { type: "count" }, size: 10 });
        expect([groups, value]).toEqual([{ groups: [{ key: "event", count, value: count }] }, { value: count }]);
      }
  });

  test.each<[string, AggregatedField]>([
    ["a declared field", { kind: "declared", name: "ST" }],
    ["a number inside objects", { kind: "leaf", path: "ST" }],
  ])("keeps the groups and buckets of types that do not have %s", async (_, field) => {
    const namespace = `without-${field.kind}`;
    await keep([
      { namespace, type: "haproxy", value: '{"ST":503}' },
      { namespace, type: "health", value: '{"ST":7}' },
    ]);
    const query = { ...everyEvent(namespace), types: ["haproxy", "health"] };

    const groups = await store.aggregate(query, {
      aggregator: { type: "min", field },
      groupBy: { by: "type" },
      size: 10,
    });
    const series = await store.aggregate(query, { aggregator: { type: "min", field }, intervalMs: HOUR_MS, size: 10 });

    const [haproxy, health] = field.kind === "leaf" ? [null, 7] : [503, null];
    expect(groups).toEqual({
      groups: [
        { key: "haproxy", count: 1, value: haproxy },
        { key: "health", count: 1, value: health },
      ],
    });
    expect(series).toMatchObject({ series: [{ count: 2, value: haproxy ?? health }] });
  });

  test("takes every sign of a generic tag as itself, even 512 of them", async () => {
    const namespace = "signs";
    const generics = ['.*|"#@&<>~^$()[]{}?+-\\', "a.b", "axb", "\\d", "<1-9>", "@".repeat(500)];
    await keep(generics.map((generic) => ({ namespace, tags: [`${generic}:1`] })));

    for (const generic of generics)
      expect(
        await store.aggregate(everyEvent(namespace), {
          aggregator: { type: "count" },
          groupBy: { by: "tag", generic },
          size: 10,
        }),
      ).toEqual({ groups: [{ key: `${generic}:1`, count: 1, value: 1 }] });
  });
});
