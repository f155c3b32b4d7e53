import { describe, expect, test } from "@jest/globals";
import { PulseError } from "#core/errors.ts";
import { toSeq } from "#core/events/event-journal.ts";
import type { EventStore, Kept } from "#core/events/event-store.ts";
import { type DeadLetter, indexEntries, type PointedEntry, type ReadPart } from "#core/events/index-entries.ts";
import { anEntry, anEvent } from "#test/support/samples/an-event.ts";

const SHARD = "events/0";
const END = { shard: SHARD, seq: toSeq(9, 99_999), arrivedAtMs: 1_000 };

const entriesOf = (...names: string[]): PointedEntry[] =>
  names.map((name, index) => ({ ...anEntry(anEvent({ tags: [name] }), SHARD, index + 1), line: name }));

const partOf = (...names: string[]): ReadPart => ({ entries: entriesOf(...names), unreadable: [] });

/** What happened to a store and a place of dead letters, in order. */
function surroundings(keep: (names: readonly string[]) => Promise<readonly Kept[]>) {
  const log: string[] = [];
  const store = {
    keep: async (entries: readonly PointedEntry[]) => {
      const names = entries.map(({ event }) => event.tags[0] as string);
      log.push(`keep ${names}`);
      const kept = await keep(names);
      log.push(`kept ${names}`);
      return kept;
    },
    checkpoint: async (...checkpoint: unknown[]) => void log.push(`checkpoint ${checkpoint}`),
  } as Partial<EventStore> as EventStore;
  const letters: DeadLetter[] = [];
  const deadLetters = {
    take: async (taken: readonly DeadLetter[]) => {
      log.push("dead letters");
      letters.push(...taken);
    },
  };
  return { log, letters, places: { store, deadLetters } };
}

const keepingAll = async (names: readonly string[]): Promise<readonly Kept[]> => names.map(() => ({ kept: true }));
const CHECKPOINT = `checkpoint ${SHARD},${END.seq},1000`;

describe("indexing a shard's entries", () => {
  test("keeps every part, and only then moves the checkpoint", async () => {
    const { log, places } = surroundings(keepingAll);

    const outcome = await indexEntries([partOf("a", "b"), partOf("c"), partOf("d")], END, places);

    expect(outcome).toEqual({ kept: 4, dead: 0 });
    expect(log.filter((step) => step.startsWith("kept"))).toHaveLength(3);
    expect(log.at(-1)).toBe(CHECKPOINT);
  });

  test("reads no part before one of the two under way is kept", async () => {
    const read: string[] = [];
    const release: (() => void)[] = [];
    const { places } = surroundings(async (names) => {
      await new Promise<void>((resolve) => release.push(resolve));
      return keepingAll(names);
    });
    function* parts() {
      for (const name of ["a", "b", "c"]) {
        read.push(name);
        yield partOf(name);
      }
    }

    const indexing = indexEntries(parts(), END, places);
    await new Promise(setImmediate);
    const readAtFirst = [...read];
    while (release.length > 0) {
      for (const one of release.splice(0)) one();
      await new Promise(setImmediate);
    }

    expect(readAtFirst).toEqual(["a", "b"]);
    expect(await indexing).toEqual({ kept: 3, dead: 0 });
  });

  test("puts aside what is refused and what cannot be read before the checkpoint", async () => {
    const { log, letters, places } = surroundings(async (names) =>
      names.map((name) => (name === "bad" ? { refused: "too deep" } : { kept: true })),
    );
    const unreadable = { reason: "not ours", line: "garbage" };

    const outcome = await indexEntries([{ ...partOf("a", "bad"), unreadable: [unreadable] }], END, places);

    expect(outcome).toEqual({ kept: 1, dead: 2 });
    expect(letters).toEqual([
      unreadable,
      { reason: "too deep", point: { shard: SHARD, seq: toSeq(2, 0) }, line: "bad" },
    ]);
    expect(log.slice(-2)).toEqual(["dead letters", CHECKPOINT]);
  });

  test("moves no checkpoint when a part fails, and leaves nothing of the batch running", async () => {
    const { log, places } = surroundings(async (names) => {
      if (names.includes("a")) throw new PulseError("unavailable", "not now");
      await new Promise(setImmediate);
      return keepingAll(names);
    });

    const failed = indexEntries([partOf("a"), partOf("b")], END, places).catch((error: unknown) => error);

    expect(await failed).toEqual(new PulseError("unavailable", "not now"));
    expect(log).toEqual(["keep a", "keep b", "kept b"]);
  });

  test("moves no checkpoint when the dead letters are not taken", async () => {
    const { log, places } = surroundings(async (names) => names.map(() => ({ refused: "never" })));
    const deadLetters = {
      take: async () => {
        throw new PulseError("unavailable", "no room");
      },
    };

    await expect(indexEntries([partOf("a")], END, { ...places, deadLetters })).rejects.toThrow("no room");

    expect(log).toEqual(["keep a", "kept a"]);
  });

  test("takes a store that answers too little for a bug", async () => {
    const { places } = surroundings(async () => []);

    await expect(indexEntries([partOf("a")], END, places)).rejects.toThrow("did not answer each entry");
  });

  test("moves the checkpoint of a batch without entries", async () => {
    const { log, places } = surroundings(keepingAll);

    expect(await indexEntries([], END, places)).toEqual({ kept: 0, dead: 0 });
    expect(log).toEqual([CHECKPOINT]);
  });
});
