import { expect } from "@jest/globals";
import { replayArchive } from "#cli/replay/replay-archive.ts";
import type { Event } from "#core/events/event.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { replayableUntil } from "#core/events/records/archive-times.ts";
import { fromJournalLine } from "#core/events/records/journal-record.ts";
import { readTail } from "#test/stores/contract/read-tail.ts";
import { type MemoryPlace, memoryPlace } from "#test/support/memory/memory-place.ts";
import type { Random } from "#test/support/random.ts";
import { anEntry, anEvent, RECEIVED_AT_MS } from "#test/support/samples/an-event.ts";
import { archived, archivePath } from "#test/support/samples/archive.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface Arrived {
  readonly event: Event;
  readonly shard: string;
  readonly sequenceNumber: number;
  readonly arrivedMs: number;
}

/** Events as they arrive in two shards within a day; now and then one that was received long before. */
function arrivals(random: Random, namespace: string): Arrived[] {
  let arrivedMs = RECEIVED_AT_MS;
  return Array.from({ length: random.integer(20, 120) }, (_, index) => {
    arrivedMs += random.integer(0, 20 * MINUTE_MS);
    const late = random.chance(0.2) ? random.integer(0, 30 * HOUR_MS) : random.integer(0, 2000);
    return {
      event: anEvent({ namespace, receivedAtMs: arrivedMs - late }),
      shard: `events/${namespace}-${random.integer(1, 2)}`,
      sequenceNumber: index + 1,
      arrivedMs,
    };
  });
}

/**
 * The archive as it fills: files in the folder of their oldest record's hour, each written after its newest arrived.
 */
function archiveOf(random: Random, all: readonly Arrived[]): MemoryPlace {
  const archive = memoryPlace();
  for (let from = 0; from < all.length; ) {
    const batch = all.slice(from, from + random.integer(1, 4));
    const first = batch[0] as Arrived;
    const filled = batch.filter(({ arrivedMs }) => arrivedMs - first.arrivedMs < 15 * MINUTE_MS);
    const last = filled.at(-1) as Arrived;
    archive.files.set(archivePath(first.arrivedMs, `${String(from).padStart(4, "0")}.ndjson.gz`), {
      content: archived(random.shuffled(filled).map(({ event }) => event)),
      modifiedMs: last.arrivedMs + random.integer(0, 2 * MINUTE_MS),
    });
    from += filled.length;
  }
  return archive;
}

/**
 * Replays an archive again and again while the indexers of its journal lag behind, each by a time of its own, and
 * expects that in the end a stream from the beginning shows every event once, in order, and that a search finds each
 * once. Answers how many events the replays kept before their streams had come to an end.
 */
export async function replayBesideIndexers(
  store: EventStore,
  random: Random,
  { isCareful = true, namespace = "default" } = {},
): Promise<number> {
  const all = arrivals(random, namespace);
  const archive = archiveOf(random, all);
  const shards = [...new Set(all.map(({ shard }) => shard))];
  const start = await store.position();
  const next = new Map(shards.map((shard) => [shard, 0]));
  const checkpoints = new Map<string, number>();
  let replayed = 0;

  async function index(shard: string, untilMs: number): Promise<void> {
    const left = all.filter((arrived) => arrived.shard === shard).slice(next.get(shard));
    const batch = left.filter(
      ({ arrivedMs }, place) => arrivedMs <= untilMs || (place === 0 && !checkpoints.has(shard)),
    );
    const last = batch.at(-1);
    if (last === undefined) return;
    await store.keep(batch.map(({ event, sequenceNumber }) => anEntry(event, shard, sequenceNumber)));
    await store.checkpoint(shard, anEntry(last.event, shard, last.sequenceNumber).point.seq, last.arrivedMs);
    next.set(shard, (next.get(shard) as number) + batch.length);
    checkpoints.set(shard, last.arrivedMs);
  }

  async function replay(nowMs: number): Promise<void> {
    const written = new Map([...archive.files].filter(([, { modifiedMs }]) => modifiedMs <= nowMs));
    const untilMs = replayableUntil(Math.min(...checkpoints.values()), nowMs);
    const { lines } = await replayArchive({
      archive: memoryPlace(Object.fromEntries(written)),
      wanted: { toMs: untilMs, types: new Set() },
      read: (line) => ({ event: fromJournalLine(line) }),
      arrivedByMs: isCareful ? untilMs : Infinity,
      keep: (entries) => store.keep(entries),
      onFault: (fault) => expect(fault).toBeUndefined(),
    });
    replayed += lines.kept;
  }

  const lastMs = (all.at(-1) as Arrived).arrivedMs;
  for (let nowMs = RECEIVED_AT_MS; nowMs < lastMs; nowMs += random.integer(1, 180) * MINUTE_MS) {
    for (const shard of shards) await index(shard, nowMs - random.integer(0, 4) * HOUR_MS);
    await replay(nowMs);
  }
  await replay(lastMs + HOUR_MS);
  for (const shard of shards) await index(shard, Infinity);

  const tail = await readTail(store, everyEvent(namespace), start, 100);
  const inOrder = (shard: string) => all.filter((arrived) => arrived.shard === shard).map(({ event }) => event.id);
  for (const shard of shards)
    expect((tail.shards.get(shard) ?? []).map(({ event }) => event.id)).toEqual(inOrder(shard));
  const { events, total } = await store.search(everyEvent(namespace), { offset: 0, limit: 1000 });
  expect(total).toBe(all.length);
  expect(new Set(events.map(({ id }) => id)).size).toBe(all.length);
  return replayed;
}
