import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { DEFAULT_EVENT_TYPES, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { TypeRegistry } from "#stores/opensearch/type-registry.ts";
import { type Isolated, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { anEntry, anEvent } from "#test/support/samples/an-event.ts";

jest.setTimeout(120_000);

describeOpenSearch("the registry of types", (url) => {
  let isolated: Isolated;
  beforeEach(async () => {
    isolated = await isolateInstalled(url());
  });
  afterEach(() => isolated.remove());

  const openRegistry = () =>
    new TypeRegistry(isolated.client, {
      prefix: isolated.prefix,
      maxOwnIndices: 200,
      retry: { tries: 1, baseMs: 0, maxMs: 0 },
    });

  let records = 0;
  async function keep(store: EventStore, drafts: readonly Partial<Event>[]): Promise<Event[]> {
    const entries = drafts.map((draft) => anEntry(anEvent(draft), "events/s", ++records));
    expect(await store.keep(entries)).toEqual(entries.map(() => ({ kept: true })));
    await store.checkpoint("events/s", entries.at(-1)?.point.seq ?? "");
    return entries.map(({ event }) => event);
  }

  test("gives 200 undeclared types an index of their own, and the 201st the shared one, for good", async () => {
    const names = Array.from({ length: 201 }, (_, index) => `custom-${index}`);

    await openRegistry().placesOf(new Set(names.slice(0, 150)), DEFAULT_EVENT_TYPES);
    await openRegistry().placesOf(new Set([...names, "health", "haproxy"]), DEFAULT_EVENT_TYPES);

    const places = await openRegistry().placesOf(new Set([...names, "health", "haproxy"]), DEFAULT_EVENT_TYPES);
    const placeOf = (name: string) => places.get(name)?.index;
    expect(names.slice(0, 200).map(placeOf)).toEqual(Array.from({ length: 200 }, () => "own"));
    expect([placeOf("custom-200"), placeOf("health"), placeOf("haproxy")]).toEqual(["shared", "own", "own"]);
    expect(places.get("haproxy")?.period).toBe("day");
  });

  test("registers thousands of types that come at once in a few requests, and every writer finds them so", async () => {
    const names = Array.from({ length: 3000 }, (_, index) => `custom-${index}`);
    const registry = openRegistry();
    const request = jest.spyOn(isolated.client.transport, "request");
    await registry.placesOf(new Set(names), DEFAULT_EVENT_TYPES);
    const requests = request.mock.calls.length;
    request.mockRestore();

    const all = await Promise.all(
      [0, 1500].map((from) =>
        openRegistry().placesOf(new Set(names.slice(from, from + 1500).concat("late")), DEFAULT_EVENT_TYPES),
      ),
    );

    const places = await registry.placesOf(new Set(names), DEFAULT_EVENT_TYPES);
    expect(requests).toBeLessThan(12);
    expect(names.map((name) => places.get(name)?.index)).toEqual(names.map((_, at) => (at < 200 ? "own" : "shared")));
    for (const other of all) {
      expect(other.get("late")).toMatchObject({ index: "shared" });
      for (const [name, place] of other) if (name !== "late") expect(place).toEqual(places.get(name));
    }
  });

  test("gives a type one place when several writers meet it at once", async () => {
    const names = new Set(["one", "two", "three"]);

    const all = await Promise.all(Array.from({ length: 6 }, () => openRegistry().placesOf(names, DEFAULT_EVENT_TYPES)));

    for (const places of all)
      for (const name of names) expect(places.get(name)).toMatchObject({ index: "own", period: "month" });
  });

  test("leaves a type where its first event went, whatever is declared later", async () => {
    const daily: EventTypeDeclaration = { name: "metered", period: "day", retentionDays: 30 };
    const event = { type: "metered", id: anEvent().id };
    const before = await isolated.open();
    await keep(before, [event]);

    const after = await isolated.open({ types: [...DEFAULT_EVENT_TYPES, daily] });
    await keep(after, [event]);

    const page = await after.search({ ...everyEvent("default"), types: ["metered"] }, { offset: 0, limit: 10 });
    expect(page.total).toBe(1);
  });

  test("hides from readers where a type's events are", async () => {
    const store = await isolated.open({ maxOwnIndices: 1 });
    const [own, shared, upper, otherNamespace] = await keep(store, [
      { type: "first" },
      { type: "second", value: "2" },
      { type: "Second", value: "3" },
      { type: "second", namespace: "other" },
    ]);
    const search = async (types: readonly string[], namespace = "default") =>
      (await store.search({ ...everyEvent(namespace), types }, { offset: 0, limit: 10 })).events;

    expect(await search([])).toEqual([upper, shared, own]);
    expect(await search(["second"])).toEqual([shared]);
    expect(await search(["Second", "first"])).toEqual([upper, own]);
    expect(await search(["second"], "other")).toEqual([otherNamespace]);
    expect(await store.find("default", shared?.id ?? "")).toEqual(shared);
    expect((await store.eventTypes("default")).map(({ type, index }) => [type, index])).toEqual([
      ["Second", `${isolated.prefix}.~shared.default.*`],
      ["first", `${isolated.prefix}.first.default.*`],
      ["second", `${isolated.prefix}.~shared.default.*`],
    ]);
  });
});
