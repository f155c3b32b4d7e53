import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { type LocalEventJournal, openLocalJournal } from "#journals/local/local-event-journal.ts";
import { type EmbeddedDatabase, openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedArtifactStore } from "#stores/embedded/embedded-artifact-store.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { behavesLikeAnArtifactStore } from "#test/stores/artifact-store-contract.ts";
import { anEvent } from "#test/support/samples/an-event.ts";
import { journalledEvents } from "#test/support/samples/journalled-events.ts";

behavesLikeAnArtifactStore(
  "the embedded store",
  async () => {
    const database = openDatabase(":memory:");
    const journal = openLocalJournal({ database });
    return {
      artifacts: new EmbeddedArtifactStore({ database, journal }),
      eventsOf: async ({ namespace, kind, name }) =>
        journalledEvents(journal).filter(
          (event) => event.namespace === namespace && event.tags.includes(`${kind}:${name}`),
        ),
      close: () => database.close(),
    };
  },
  { leastWriters: 100 },
);

describe("a change in the embedded store", () => {
  const KEY = { namespace: "default", kind: "breeds", name: "a" } as const;
  let database: EmbeddedDatabase;
  let store: EmbeddedEventStore;
  let journal: LocalEventJournal;
  let artifacts: EmbeddedArtifactStore;
  let broken: boolean;

  beforeEach(() => {
    broken = false;
    database = openDatabase(":memory:");
    store = new EmbeddedEventStore({ database });
    journal = openLocalJournal({
      database,
      alongside: (entries) => {
        store.keepInTransaction(entries);
        if (broken) throw new Error("killed half-way");
      },
    });
    artifacts = new EmbeddedArtifactStore({ database, journal });
  });
  afterEach(() => database.close());

  const put = (source: string) =>
    artifacts.change({ ...KEY, content: { source, format: "json" }, when: {}, atMs: Date.now() });
  const events = async () => (await store.search(everyEvent("default"), { offset: 0, limit: 10 })).events;

  test("can be asked for as an event at once", async () => {
    await put('{"a":1}');

    expect(await events()).toMatchObject([{ type: "archive", value: '"{\\"a\\":1}"' }]);
  });

  test("is undone with its event when either fails", async () => {
    await put("1");
    broken = true;
    await expect(put("2")).rejects.toThrow("killed half-way");
    broken = false;

    expect(await artifacts.find(KEY)).toMatchObject({ version: 1, source: "1" });
    expect(await events()).toHaveLength(1);
    expect(journalledEvents(journal)).toHaveLength(1);
    expect(await put("3")).toMatchObject({ artifact: { version: 2 } });
    expect((await events()).map(({ value }) => value)).toEqual(['"3"', '"1"']);
  });

  test("wakes who waits for events, once it is there", async () => {
    const seen: number[] = [];
    journal.onAppended(() => seen.push(journalledEvents(journal).length));

    await put("1");
    await put("1");
    await put("2");

    expect(seen).toEqual([1, 2]);
  });

  test("takes its place among events that are appended meanwhile", async () => {
    const appending = journal.append([anEvent()]);
    const changed = await put("1");

    const [appended] = await appending;

    expect(changed).toMatchObject({ outcome: "created" });
    expect(appended).toHaveProperty("point");
    expect(journalledEvents(journal)).toHaveLength(2);
  });
});
