import { sleep } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import { toSeq } from "#core/events/event-journal.ts";
import { fromJournalLine, splitRecord } from "#core/events/records/journal-record.ts";
import { EventReplay } from "#core/events/replay-events.ts";
import { recordName, shardName } from "#test/simulation/ledger.ts";
import type { SimulatedStream } from "#test/simulation/simulated-kinesis.ts";
import type { World } from "#test/simulation/world.ts";
import type { Random } from "#test/support/random.ts";

const LONGEST_PAUSE_MS = 1_400;
const REPLAY_PATIENCE_MS = 5_000;

/** What happens to a stream from outside: it is resharded, others write into it, its archive is replayed. */
export async function disturb(world: World, stream: SimulatedStream): Promise<void> {
  const { plan, time, chaos, trace, ledger } = world;
  const random = world.fork();
  const endMs = time.now() + plan.activeMs;
  while (time.now() < endMs) {
    await sleep(time, random.integer(0, LONGEST_PAUSE_MS));
    if (chaos.strikes("split")) {
      const shard = stream.split();
      trace(() => `${shard?.id} is split`);
    }
    if (chaos.strikes("merge")) {
      const shards = stream.merge();
      trace(() => `${shards?.map(({ id }) => id)} are merged`);
    }
    if (chaos.strikes("unreadable-record")) {
      const record = stream.put(String(random.integer(0, 1e6)), random.oneOf(UNREADABLE));
      ledger.unreadable.add(recordName(record));
    }
    if (chaos.strikes("replay")) await replay(world, stream, random);
  }
}

const UNREADABLE = [new Uint8Array([0xff, 0xfe]), new TextEncoder().encode("{}\n")];

/** Keeps what the archive holds again, as far as every checkpoint is beyond it. */
async function replay(world: World, stream: SimulatedStream, random: Random): Promise<void> {
  const process = world.startProcess("replay");
  const store = world.openStore(process);
  const checkpoints = world.openSearch.checkpoints();
  const archived = stream.shards.flatMap(({ records }) =>
    records.filter((record) => {
      const seq = toSeq(record.kinesis.sequenceNumber, 0);
      return seq < (checkpoints.get(shardName(record)) ?? "") && !world.ledger.unreadable.has(recordName(record));
    }),
  );
  const replayed = new EventReplay({
    wanted: { types: new Set() },
    read: (line) => ({ event: fromJournalLine(line) }),
    keep: (entries) => store.keep(entries),
    onFault: ({ reason }) => world.trace(() => `${process.name}: ${reason}`),
  });
  for (const { kinesis } of random.someOf(archived, archived.length))
    for (const text of splitRecord(Buffer.from(kinesis.data, "base64").toString()))
      replayed.add(stream.name, { line: 0, text });
  const replaying = replayed.flush().catch((error: unknown) => {
    if (!(error instanceof PulseError)) throw error;
  });
  await process.outcomeOf(replaying, REPLAY_PATIENCE_MS);
}
