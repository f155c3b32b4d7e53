import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { DEFAULT_EVENT_TYPES } from "#core/events/types/event-types.ts";
import { request } from "#stores/opensearch/client.ts";
import { checkpointIndex, typeIndex } from "#stores/opensearch/index-names.ts";
import { TypeRegistry } from "#stores/opensearch/type-registry.ts";
import { type Isolated, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { anEntry, anEvent } from "#test/support/samples/an-event.ts";

jest.setTimeout(120_000);

const AT_ONCE = { tries: 2, baseMs: 0, maxMs: 0 };

describeOpenSearch("what cannot be read by its id now", (url) => {
  let isolated: Isolated;
  beforeEach(async () => {
    isolated = await isolateInstalled(url());
  });
  afterEach(() => isolated.remove());

  /** A closed index is answered as one whose shard is still starting: status 200, an error for each document. */
  const close = (index: string) => request(isolated.client, { method: "POST", path: `/${index}/_close` });
  const reopen = (index: string) => request(isolated.client, { method: "POST", path: `/${index}/_open` });

  test("a checkpoint is not taken for one that is gone: a stream neither loses its place nor repeats itself", async () => {
    // Its clock stands still, so that it goes on knowing which shards there are.
    const store = await isolated.open({ writeRetry: AT_ONCE, now: () => 0 });
    const entries = [1, 2, 3].map((record) => anEntry(anEvent(), "events/s", record));
    await store.keep(entries);
    await store.checkpoint("events/s", entries[2]?.point.seq ?? "");
    const position = await store.position();
    await close(checkpointIndex(isolated.prefix));

    await expect(store.position()).rejects.toMatchObject({ name: "PulseError", kind: "unavailable" });
    await expect(store.tail(everyEvent("default"), position, 10)).rejects.toMatchObject({ kind: "unavailable" });

    await reopen(checkpointIndex(isolated.prefix));
    const again = await isolated.open();
    expect(await again.position()).toEqual(position);
  });

  test("a type is not taken for a new one", async () => {
    const openRegistry = () =>
      new TypeRegistry(isolated.client, {
        prefix: isolated.prefix,
        maxOwnIndices: 1,
        retry: AT_ONCE,
      });
    await openRegistry().placesOf(new Set(["custom"]), DEFAULT_EVENT_TYPES);
    await close(typeIndex(isolated.prefix));

    await expect(openRegistry().placesOf(new Set(["custom"]), DEFAULT_EVENT_TYPES)).rejects.toMatchObject({
      kind: "unavailable",
    });

    await reopen(typeIndex(isolated.prefix));
    expect((await openRegistry().placesOf(new Set(["custom"]), DEFAULT_EVENT_TYPES)).get("custom")).toMatchObject({
      index: "own",
    });
  });
});
