import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ArchiveFault } from "#cli/replay/archive-doubt.ts";
import { type ReplayState, replayArchive } from "#cli/replay/replay-archive.ts";
import type { Event } from "#core/events/event.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { fromJournalLine, toJournalLine } from "#core/events/records/journal-record.ts";
import type { OpenSearchEventStore } from "#stores/opensearch/opensearch-event-store.ts";
import { NaiveEventStore } from "#test/stores/naive-event-store.ts";
import { type Isolated, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { type MemoryPlace, memoryPlace } from "#test/support/memory/memory-place.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { anEntry, anEvent, RECEIVED_AT_MS } from "#test/support/samples/an-event.ts";
import { archived, archivePath } from "#test/support/samples/archive.ts";
import { documentsOf } from "./documents-of.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Many indices are made, on a node that other tests are using. */
const PATIENT_MS = 120_000;
const EVERYTHING = { types: new Set<string>() };

/** Events of several types, namespaces, months and shapes of value, some of them twice, in files of an archive. */
function anArchive(): { archive: MemoryPlace; events: Event[] } {
  const events = Array.from({ length: 300 }, (_, index) =>
    anEvent({
      type: ["event", "health", "haproxy", "Rocket-Launch", "_x"][index % 5] as string,
      namespace: index % 7 === 0 ? "team-a" : "default",
      tags: ["all", `n:${index % 10}`],
      receivedAtMs: RECEIVED_AT_MS + (index < 160 ? 0 : 20 * DAY_MS) + index * MINUTE_MS,
      timestamp: index % 2 === 0 ? "2026-03-15T14:00:00.123456789+02:00" : "2026-03-15T12:00:00Z",
      ...(index % 3 !== 0 && {
        value: [String(index), '{"a":{"b":1e400,"c":12345678901234567890},"Tt":7}'][index % 2],
      }),
    } as Partial<Event>),
  );
  const archive = memoryPlace();
  for (let from = 0; from < events.length; from += 20) {
    const { receivedAtMs } = events[from] as Event;
    const content = archived(events.slice(Math.max(0, from - 3), from + 20).reverse());
    archive.files.set(archivePath(receivedAtMs, `file-${from}`), { content, modifiedMs: receivedAtMs });
  }
  return { archive, events };
}

const notExpected = (fault: ArchiveFault): void => {
  throw new Error(`no fault was expected: ${JSON.stringify(fault)}`);
};

describe("a replay", () => {
  test("takes what was received in a time, of some types, and looks into no folder that cannot hold it", async () => {
    const { archive, events } = anArchive();
    const store = new NaiveEventStore();
    const [fromMs, toMs] = [RECEIVED_AT_MS + 10 * DAY_MS, RECEIVED_AT_MS + 20 * DAY_MS + 200 * MINUTE_MS];

    const { lines, files } = await replayArchive({
      archive,
      wanted: { fromMs, toMs, types: new Set(["health", "_x"]) },
      read: (line) => ({ event: fromJournalLine(line) }),
      keep: (entries) => store.keep(entries),
      onFault: notExpected,
    });

    const wanted = events.filter(
      ({ type, receivedAtMs }) => /health|_x/.test(type) && receivedAtMs >= fromMs && receivedAtMs <= toMs,
    );
    const found = [await allOf(store, "default"), await allOf(store, "team-a")].flat();
    expect(found.map(({ id }) => id).sort()).toEqual(wanted.map(({ id }) => id).sort());
    expect(lines.kept).toBeGreaterThanOrEqual(wanted.length);
    expect(files).toBeLessThan(archive.files.size);
    expect(archive.folders).toContain("events/2026/04/");
    expect(archive.folders).not.toContain("events/2026/03/15/");
  });

  test("goes on where it was interrupted, within a file too: every line counts once, and no file is read again", async () => {
    const many = Array.from({ length: 12_000 }, (_, index) => anEvent({ value: String(index) }));
    const text = many.map(toJournalLine).join("");
    const archive = memoryPlace({
      a: { content: `nonsense\n${text}nonsense\n`, modifiedMs: 0 },
      "b/c": { content: archived(many.slice(0, 10)), modifiedMs: 0 },
      z: { content: "", modifiedMs: 0 },
    });
    let state: ReplayState | undefined;
    const faults: ArchiveFault[] = [];
    const kept: string[] = [];
    const read: string[] = [];
    const watched: MemoryPlace = {
      ...archive,
      read(path) {
        read.push(path);
        return archive.read(path);
      },
    };

    async function run(mayKeep: () => boolean) {
      const keep: EventStore["keep"] = async (entries) => {
        if (!mayKeep()) throw new Error("interrupted");
        kept.push(...entries.map(({ event }) => event.id));
        return entries.map(() => ({ kept: true }));
      };
      return replayArchive({
        archive: watched,
        wanted: EVERYTHING,
        read: (line) => ({ event: fromJournalLine(line) }),
        keep,
        state,
        onFault: (fault) => faults.push(fault),
        onProgress: (present) => {
          state = JSON.parse(JSON.stringify(present)) as ReplayState;
        },
      });
    }
    for (let runs = 0; runs < 2; runs++) {
      let batches = 0;
      await expect(run(() => ++batches === 1)).rejects.toThrow("interrupted");
    }
    read.length = 0;
    const outcome = await run(() => true);
    expect(read).toEqual(["a", "b/c", "z"]);
    read.length = 0;
    const again = await run(() => true);

    expect(kept).toEqual([...many, ...many.slice(0, 10)].map(({ id }) => id));
    expect(outcome).toMatchObject({ files: 3, lines: { kept: 12_010, unreadable: 2, refused: 0, leftOut: 0 } });
    expect(again).toEqual(outcome);
    expect(read).toEqual([]);
    expect(faults.map(({ line }) => line)).toEqual([1, 12_002, 12_002]);
  });

  test("names what it cannot read by file and line, and keeps all the rest", async () => {
    const events = Array.from({ length: 4 }, () => anEvent());
    const lines = events.map(toJournalLine);
    const member = archived(events.slice(2));
    const archive = memoryPlace({
      "x.ndjson": { content: `${lines[0]}{"id":7}\n\n${lines[1]}`, modifiedMs: 0 },
      "y.gz": { content: Buffer.concat([member, member.subarray(0, 40)]), modifiedMs: 0 },
    });
    const store = new NaiveEventStore();
    const faults: ArchiveFault[] = [];

    const outcome = await replayArchive({
      archive,
      wanted: EVERYTHING,
      read: (line) => ({ event: fromJournalLine(line) }),
      keep: (entries) => store.keep(entries),
      onFault: (fault) => faults.push(fault),
    });

    expect(await allOf(store, "default")).toHaveLength(4);
    expect(faults[0]).toEqual({ file: "memory/x.ndjson", line: 2, reason: 'not an event of the journal: {"id":7}' });
    expect(faults.at(-1)).toMatchObject({
      file: "memory/y.gz",
      reason: expect.stringMatching(
        /^after line \d, 40 bytes from byte \d+ are damaged gzip \(unexpected end of file\)$/,
      ),
    });
    expect(outcome).toMatchObject({ files: 2, damaged: 1 });
  });

  test("leaves out files that were written after what the indexers have passed, and says how many", async () => {
    const path = (name: string): string => archivePath(RECEIVED_AT_MS, name);
    const archive = memoryPlace({
      [path("passed")]: { content: archived([anEvent()]), modifiedMs: RECEIVED_AT_MS + 1000 },
      [path("young")]: { content: archived([anEvent()]), modifiedMs: RECEIVED_AT_MS + 2001 },
      copied: { content: archived([anEvent()]), modifiedMs: Date.now() },
    });

    const { lines, files, tooYoung } = await replayArchive({
      archive,
      wanted: EVERYTHING,
      read: (line) => ({ event: fromJournalLine(line) }),
      arrivedByMs: RECEIVED_AT_MS + 2000,
      keep: async (entries) => entries.map(() => ({ kept: true })),
      onFault: notExpected,
    });

    expect({ kept: lines.kept, files, tooYoung }).toEqual({ kept: 2, files: 2, tooYoung: 1 });
  });
});

async function allOf(store: EventStore, namespace: string): Promise<readonly Event[]> {
  const types = ["event", "health", "haproxy", "Rocket-Launch", "_x"];
  return (await store.search({ ...everyEvent(namespace), types }, { offset: 0, limit: 1000 })).events;
}

describeOpenSearch("a replay into OpenSearch", (url) => {
  let indexed: Isolated;
  let store: OpenSearchEventStore;

  beforeEach(async () => {
    indexed = await isolateInstalled(url());
    store = await indexed.open();
  }, PATIENT_MS);
  afterEach(() => indexed.remove(), PATIENT_MS);

  async function indexAll(events: readonly Event[]): Promise<void> {
    const entries = events.map((event, index) => anEntry(event, "events/s", index + 1));
    for (let from = 0; from < entries.length; from += 70) await store.keep(entries.slice(from, from + 70));
    await store.checkpoint("events/s", entries.at(-1)?.point.seq as string, RECEIVED_AT_MS);
  }

  const replayInto = (target: EventStore, archive: MemoryPlace) =>
    replayArchive({
      archive,
      wanted: EVERYTHING,
      read: (line) => ({ event: fromJournalLine(line) }),
      keep: (entries) => target.keep(entries),
      onFault: notExpected,
    });

  test(
    "changes no document where all are there",
    async () => {
      const { archive, events } = anArchive();
      await indexAll(events);
      const before = await documentsOf(indexed);

      const { lines } = await replayInto(store, archive);

      expect(lines.kept).toBeGreaterThan(events.length);
      expect(Object.keys(before).length).toBeGreaterThan(events.length);
      expect(await documentsOf(indexed)).toEqual(before);
    },
    PATIENT_MS,
  );

  test(
    "rebuilds an empty cluster document by document, but for places in the journal, which streams follow",
    async () => {
      const { archive, events } = anArchive();
      await indexAll(events);
      const empty = await isolateInstalled(url());
      try {
        const rebuilt = await empty.open();

        await replayInto(rebuilt, archive);
        await rebuilt.refresh();

        const places = { shard: undefined, seq: undefined };
        const [before, after] = [await documentsOf(indexed), await documentsOf(empty)];
        expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
        for (const [name, { _source }] of Object.entries(after))
          expect(_source).toEqual({ ...before[name]?._source, ...places });
        expect(await allOf(rebuilt, "default")).toEqual(await allOf(store, "default"));
        const { position } = await rebuilt.tail(everyEvent("default"), await rebuilt.position(), 10);
        expect(position.shards.size).toBe(0);
      } finally {
        await empty.remove();
      }
    },
    PATIENT_MS,
  );

  test(
    "adds what is missing, and leaves what is there with its place",
    async () => {
      const { archive, events } = anArchive();
      await indexAll(events.filter((_, index) => index % 2 === 0));
      const before = await documentsOf(indexed);

      await replayInto(store, archive);

      const after = await documentsOf(indexed);
      expect(Object.keys(after).filter((name) => !name.startsWith("_types"))).toHaveLength(events.length);
      expect(Object.fromEntries(Object.keys(before).map((name) => [name, after[name]]))).toEqual(before);
    },
    PATIENT_MS,
  );

  test(
    "names the events that OpenSearch refuses, and keeps all others",
    async () => {
      const [tooLong, other] = [anEvent({ tags: ["x".repeat(40_000)] }), anEvent()];
      const archive = memoryPlace({ f: { content: archived([tooLong, other]), modifiedMs: 0 } });
      const faults: ArchiveFault[] = [];

      const { lines } = await replayArchive({
        archive,
        wanted: EVERYTHING,
        read: (line) => ({ event: fromJournalLine(line) }),
        keep: (entries) => store.keep(entries),
        onFault: (fault) => faults.push(fault),
      });

      expect(lines).toEqual({ kept: 1, refused: 1, unreadable: 0, leftOut: 0 });
      expect(faults).toEqual([
        { file: "memory/f", line: 1, reason: expect.stringMatching(`^event ${tooLong.id} is refused: .*immense term`) },
      ]);
    },
    PATIENT_MS,
  );

  test(
    "is told by the checkpoints how far the indexers have come: as far as the one that is behind",
    async () => {
      expect(await store.indexedUntil()).toBeUndefined();

      await store.checkpoint("events/1", anEntry(anEvent(), "", 5).point.seq, 5000);
      await store.checkpoint("events/2", anEntry(anEvent(), "", 7).point.seq, 7000);
      await store.checkpoint("events/2", anEntry(anEvent(), "", 6).point.seq, 9000);
      expect(await store.indexedUntil()).toBe(5000);

      await store.checkpoint("events/1", anEntry(anEvent(), "", 9).point.seq, 9000);
      expect(await store.indexedUntil()).toBe(7000);
      await store.checkpoint("events/3", anEntry(anEvent(), "", 1).point.seq);
      expect(await (await indexed.open()).indexedUntil()).toBe(-Infinity);
    },
    PATIENT_MS,
  );
});
