import { runTriggers, type TriggerRun } from "#core/triggers/run-triggers.ts";
import { readEventRecord } from "#functions/shared/read-event-record.ts";
import { type StreamConsumer, type StreamConsumerOptions, streamConsumer } from "#functions/shared/stream-consumer.ts";

/** Puts nothing aside: a line that cannot be read is index-events' to put aside, which reads the same stream. */
const LEFT_TO_INDEX_EVENTS = { take: async () => {} };

/**
 * From the stream `events` into the queue of deliveries. A batch is done when its deliveries are durable; until then it
 * comes again.
 */
export function runTriggersHandler(run: TriggerRun, onBatch?: StreamConsumerOptions["onBatch"]): StreamConsumer {
  let last: Promise<unknown> = Promise.resolve();
  return streamConsumer(readEventRecord, {
    store: {
      async keep(entries) {
        const events = entries.map(({ event }) => event);
        // One after the other, so that rates are counted in the journal's order.
        const running = last.then(() => runTriggers(events, run));
        last = running.catch(() => {});
        await running;
        return entries.map(() => ({ kept: true }));
      },
      checkpoint: async () => {},
    },
    deadLetters: LEFT_TO_INDEX_EVENTS,
    ...(onBatch !== undefined && { onBatch }),
  });
}
