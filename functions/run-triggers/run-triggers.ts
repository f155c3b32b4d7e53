import type { JournalEntry } from "#core/events/event-journal.ts";
import { runTriggers, type TriggerRun } from "#core/triggers/run-triggers.ts";
import { UnfinishedBatches } from "#core/triggers/unfinished-batches.ts";
import { readEventRecord } from "#functions/shared/streams/read-event-record.ts";
import {
  type StreamConsumer,
  type StreamConsumerOptions,
  streamConsumer,
} from "#functions/shared/streams/stream-consumer.ts";

/** Puts nothing aside: a line that cannot be read is index-events' to put aside, which reads the same stream. */
const LEFT_TO_INDEX_EVENTS = { take: async () => {} };

/**
 * From the stream `events` into the queue of deliveries. A batch is done when its deliveries are durable; until then it
 * comes again, and goes on where it failed.
 */
export function runTriggersHandler(run: TriggerRun, onBatch?: StreamConsumerOptions["onBatch"]): StreamConsumer {
  const unfinished = new UnfinishedBatches();
  const handOn = async (entries: readonly JournalEntry[]): Promise<void> => {
    const rest = unfinished.rest(entries);
    await runTriggers(
      rest.map(({ event }) => event),
      run,
    );
    unfinished.handedOn(rest);
  };
  let last: Promise<unknown> = Promise.resolve();
  return streamConsumer(readEventRecord, {
    store: {
      async keep(entries) {
        // One after the other, so that rates are counted in the journal's order.
        const running = last.then(() => handOn(entries));
        last = running.catch(() => {});
        await running;
        return entries.map(() => ({ kept: true }));
      },
      checkpoint: async (shard, seq) => unfinished.finished(shard, seq),
    },
    deadLetters: LEFT_TO_INDEX_EVENTS,
    ...(onBatch !== undefined && { onBatch }),
  });
}
