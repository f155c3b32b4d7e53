import type { KinesisStreamBatchResponse, KinesisStreamEvent } from "aws-lambda";
import type { DeadLetterPlace } from "#core/events/index-entries.ts";
import type { StreamConsumer } from "#functions/shared/streams/stream-consumer.ts";
import { FAULTS } from "#test/simulation/chaos.ts";
import { count } from "#test/simulation/coverage.ts";
import { recordName } from "#test/simulation/ledger.ts";
import { orUnavailable } from "#test/simulation/network.ts";
import type { SimulatedStream } from "#test/simulation/simulated-kinesis.ts";
import type { SimulatedProcess } from "#test/simulation/simulated-process.ts";
import { violate, type World } from "#test/simulation/world.ts";
import { mapShards } from "#test/support/aws/event-source-mapping.ts";
import type { DestinationFile } from "#test/support/aws/event-source-mapping-discarded.ts";
import type { ShardReader, ShardSource } from "#test/support/aws/event-source-mapping-shards.ts";
import type { Random } from "#test/support/random.ts";

/** The event source mapping of a stream, and the copies of index-events that it invokes. */
export interface Consumers {
  /** Every record has been consumed, and nobody is at work, not even a zombie. */
  isAtRest(): boolean;
}

const INVOCATION_TIMEOUT_MS = 15_000;
const LONGEST_STOP_MS = 25_000;

/** A copy of index-events. */
interface Consumer {
  readonly process: SimulatedProcess;
  readonly handler: StreamConsumer;
}

export function startConsumers(world: World, stream: SimulatedStream): Consumers {
  const { plan, time, chaos, coverage, trace, wiring } = world;
  const random = world.fork();
  const idle: Consumer[] = [];
  let running = 0;

  function start(): Consumer {
    const process = world.startProcess("index-events");
    const deadLetters = wiring.deadLetters(deadLetterPlace(world, process));
    return { process, handler: wiring.indexEvents({ store: world.openStore(process), deadLetters }, process.clock) };
  }

  /** One that is warm, or a new one. */
  function next(): Consumer {
    const warm = idle.pop();
    if (warm === undefined) return start();
    if (!chaos.strikes("cold-start")) return warm;
    warm.process.kill();
    return start();
  }

  /** One invocation. Throws when Lambda would take it for failed, which it may go on after. */
  function invokeOnce(batch: KinesisStreamEvent): Promise<KinesisStreamBatchResponse> {
    const consumer = next();
    const { process, handler } = consumer;
    count(coverage, "batches delivered");
    trace(() => `${process.name}: gets ${batch.Records.map(({ eventID }) => eventID)}`);
    const isStopped = chaos.draws("zombie");
    if (isStopped) {
      const fromMs = time.now() + random.integer(0, 100);
      process.stop(fromMs, fromMs + random.integer(1_000, LONGEST_STOP_MS));
    }
    running++;
    return new Promise((resolve, reject) => {
      const cancel = time.after(isStopped ? random.integer(100, 1_000) : INVOCATION_TIMEOUT_MS, () => {
        count(coverage, FAULTS.zombie);
        trace(() => `${process.name}: is given up, and goes on`);
        reject(new Failed());
      });
      let isOver = false;
      const end = (): void => {
        if (!isOver) running--;
        isOver = true;
        cancel();
      };
      process.onDeath(() => {
        end();
        reject(new Failed());
      });
      handler(batch).then(
        (answer) => {
          if (!process.alive) return;
          end();
          idle.push(consumer);
          trace(() => `${process.name}: answers ${JSON.stringify(answer)}`);
          if (chaos.strikes("failed-invocation")) reject(new Failed());
          else resolve(answer);
        },
        (error: unknown) => {
          end();
          violate(world, `index-events threw ${error instanceof Error ? error.stack : error}`);
          reject(new Failed());
        },
      );
    });
  }

  const caughtUp = new Map<string, number>();
  mapShards(shardSource(world, stream, random, caughtUp), {
    clock: time,
    settings: {
      BatchSize: plan.batchSize,
      BisectBatchOnFunctionError: true,
      MaximumRecordAgeInSeconds: plan.maxRecordAgeSeconds,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    },
    async invoke(batch) {
      const answer = await invokeOnce(batch);
      if (!chaos.strikes("double-delivery")) return answer;
      return invokeOnce(batch);
    },
    onFailure: async (file) => discard(world, file),
    onError: (error) => {
      if (!(error instanceof Failed)) violate(world, `the event source mapping threw ${error}`);
    },
  });
  return {
    isAtRest: () =>
      running === 0 && stream.shards.every(({ id, records }) => (caughtUp.get(id) ?? 0) === records.length),
  };
}

/** An invocation without an answer. */
class Failed extends Error {
  override readonly name = "Failed";
}

/** The stream for the mapping; of a shard that was read to its end, `caughtUp` has how many records that were. */
function shardSource(
  { chaos, trace }: World,
  stream: SimulatedStream,
  random: Random,
  caughtUp: Map<string, number>,
): ShardSource {
  return {
    streamArn: stream.arn,
    shards: async () => stream.shards.map(({ id, parents }) => ({ id, parents: parents.map((parent) => parent.id) })),
    open(id): ShardReader {
      const shard = stream.shardOf(id);
      let read = 0;
      return {
        async read(limit) {
          if (read > 0 && chaos.strikes("rewind")) {
            trace(() => `${id} is delivered again from earlier`);
            read = random.integer(0, read - 1);
          }
          const records = shard.records.slice(read, read + limit);
          read += records.length;
          if (records.length > 0) caughtUp.delete(id);
          else caughtUp.set(id, read);
          return { records, closed: records.length === 0 && shard.closed };
        },
      };
    },
  };
}

/** The on-failure destination: records that grew too old. */
function discard({ ledger, coverage, trace }: World, { body }: DestinationFile): void {
  const { payload } = JSON.parse(body) as { payload: string };
  const { Records: records } = JSON.parse(payload) as KinesisStreamEvent;
  trace(() => `too old: ${records.map(({ eventID }) => eventID)}`);
  count(coverage, "records too old", records.length);
  for (const record of records) ledger.discarded.add(recordName(record));
}

const DEAD_LETTERS_TIMEOUT_MS = 1_000;

const deadLetterPlace = ({ network, ledger }: World, process: SimulatedProcess): DeadLetterPlace => ({
  take: (letters) =>
    network
      .call(process, "take dead letters", DEAD_LETTERS_TIMEOUT_MS, () => {
        ledger.deadLetters.push(...letters);
      })
      .catch(orUnavailable),
});
