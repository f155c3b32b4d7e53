import { setImmediate as nextTurn } from "node:timers/promises";
import type { KinesisStreamEvent, KinesisStreamRecord } from "aws-lambda";
import { type Clock, sleep } from "#core/clock.ts";
import type { BatchOutcome, CheckpointTurns } from "#dev/checkpoint-turns.ts";
import type { StreamConsumer } from "#functions/shared/streams/stream-consumer.ts";
import type { LocalRecord } from "#journals/local/local-journal.ts";

/** A journal as what follows it sees it. */
export interface FollowedJournal {
  readonly shard: string;
  read(afterSequenceNumber: bigint, maxRecords: number, maxBytes: number): readonly LocalRecord[];
  onAppended(listener: () => void): () => void;
}

export interface JournalConsumerOptions {
  readonly journal: FollowedJournal;
  readonly handler: StreamConsumer;
  /** What the handler has for its store, if a batch may be kept while the checkpoint of the one before is moved. */
  readonly turns?: CheckpointTurns;
  readonly clock: Clock;
  /** The last record that is done. */
  readonly after: bigint;
  /** What the records of a batch have together, unless one alone has more. @default 16 MiB */
  readonly maxBatchBytes?: number;
  /** Told after each batch that the handler finished, and up to which record all is done. */
  readonly onProgress: (done: bigint) => void;
  readonly onError: (error: unknown) => void;
}

export interface JournalConsumer {
  /** Stops after what is under way. */
  close(): Promise<void>;
}

const MAX_RECORDS = 10_000;
/** After a burst few large batches are quicker than many small ones: each costs a refresh, and segments to be merged. */
const MAX_BATCH_BYTES = 16 * 1024 * 1024;
/** Of the most that a batch may have: less is not begun ahead, so that it shares a refresh with what comes until then. */
const LEAST_AHEAD = 1 / 4;
const RETRY_MS = 500;
const NONE_BEFORE: Promise<BatchOutcome> = Promise.resolve(undefined);

/** A batch that the function has, and its last record. */
interface HandedOver {
  readonly outcome: Promise<BatchOutcome>;
  readonly last: bigint;
}

/**
 * Feeds a local journal to its function as Lambda's event source mapping feeds it from Kinesis: batches of one shard in
 * order, from the first unfinished record again when the function says so or fails.
 */
export function consumeJournal({
  journal,
  handler,
  turns,
  clock,
  after,
  maxBatchBytes = MAX_BATCH_BYTES,
  onProgress,
  onError,
}: JournalConsumerOptions): JournalConsumer {
  const leastBytesAhead = maxBatchBytes * LEAST_AHEAD;
  let closed = false;
  let wake = () => {};
  const unsubscribe = journal.onAppended(() => wake());

  let done = after;

  async function run(): Promise<void> {
    /** All of it is kept, and its checkpoint is being moved. */
    let ending: HandedOver | undefined;
    while (!closed) {
      const before = ending;
      ending = undefined;
      const records = read(before?.last ?? done);
      const last = records?.at(-1)?.sequenceNumber;
      if (records === undefined || last === undefined || (before !== undefined && bytesOf(records) < leastBytesAhead)) {
        if (before !== undefined) await settle(before);
        else if (records === undefined) await sleep(clock, RETRY_MS);
        else await appended();
        continue;
      }
      const kept = turns?.begin(before?.outcome ?? NONE_BEFORE).then(() => true);
      const batch: HandedOver = { outcome: deliver(toBatch(journal.shard, records)), last };
      const isKept = await Promise.race([kept ?? batch.outcome, batch.outcome.then(() => false)]);
      // A store in this process keeps a batch without a pause: whatever else waits has its turn before the next.
      await nextTurn();
      if (before !== undefined && !(await settle(before))) await batch.outcome;
      else if (isKept === true) ending = batch;
      else await settle(batch);
    }
    if (ending !== undefined) await settle(ending);
  }

  /** Goes on behind the batch when it is finished, or where it says, after a pause; whether it is finished. */
  async function settle({ outcome, last }: HandedOver): Promise<boolean> {
    const unfinished = await outcome;
    if (unfinished === undefined) {
      done = last;
      onProgress(done);
      return true;
    }
    done = unfinished - 1n;
    await sleep(clock, RETRY_MS);
    return false;
  }

  const appended = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });

  /** The records after that number; undefined when they cannot be read now. */
  function read(afterSequenceNumber: bigint): readonly LocalRecord[] | undefined {
    try {
      return journal.read(afterSequenceNumber, MAX_RECORDS, maxBatchBytes);
    } catch (error) {
      onError(error);
      return undefined;
    }
  }

  async function deliver(batch: KinesisStreamEvent): Promise<BatchOutcome> {
    try {
      const { batchItemFailures } = await handler(batch);
      const failed = batchItemFailures[0]?.itemIdentifier;
      return failed === undefined ? undefined : BigInt(failed);
    } catch (error) {
      onError(error);
      return BigInt(batch.Records[0]?.kinesis.sequenceNumber as string);
    }
  }

  const running = run();
  return {
    async close() {
      closed = true;
      unsubscribe();
      wake();
      await running;
    },
  };
}

const bytesOf = (records: readonly LocalRecord[]): number =>
  records.reduce((bytes, { data }) => bytes + data.length, 0);

/** Records of a local journal as Lambda would get them from Kinesis. */
export function toBatch(shard: string, records: readonly LocalRecord[]): KinesisStreamEvent {
  const slash = shard.indexOf("/");
  const eventSourceARN = `arn:aws:kinesis:local:000000000000:stream/${shard.slice(0, slash)}`;
  const shardId = shard.slice(slash + 1);
  return {
    Records: records.map(
      ({ sequenceNumber, data, appendedAtMs }): KinesisStreamRecord => ({
        awsRegion: "local",
        eventID: `${shardId}:${sequenceNumber}`,
        eventName: "aws:kinesis:record",
        eventSource: "aws:kinesis",
        eventSourceARN,
        eventVersion: "1.0",
        invokeIdentityArn: "",
        kinesis: {
          kinesisSchemaVersion: "1.0",
          partitionKey: "",
          sequenceNumber: String(sequenceNumber),
          // Not before it is read: whoever follows triggers mostly reads none of it.
          get data() {
            return Buffer.from(data).toString("base64");
          },
          approximateArrivalTimestamp: appendedAtMs / 1000,
        },
      }),
    ),
  };
}
