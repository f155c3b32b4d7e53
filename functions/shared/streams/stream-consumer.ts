import type { KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from "aws-lambda";
import { PulseError } from "#core/errors.ts";
import { type JournalPoint, MAX_EVENTS_PER_RECORD, seqsOf, toSeq } from "#core/events/event-journal.ts";
import {
  type BatchEnd,
  type DeadLetter,
  type DeadLetterPlace,
  type EntryKeeper,
  indexEntries,
  type PointedEntry,
  type ReadPart,
} from "#core/events/index-entries.ts";
import { log } from "#functions/shared/log.ts";
import type { BatchOutcome } from "#functions/shared/metrics.ts";

/** A function that follows a stream, as AWS calls it. */
export type StreamConsumer = (batch: KinesisStreamEvent) => Promise<KinesisStreamBatchResponse>;

export interface StreamConsumerOptions {
  readonly store: EntryKeeper;
  readonly deadLetters: DeadLetterPlace;
  /** Told what became of each batch. @default - nobody is */
  readonly onBatch?: (outcome: BatchOutcome) => void;
}

/** A record of a stream, and where the events in it lie. */
export interface StreamRecord {
  readonly data: Buffer;
  readonly pointAt: (offset: number) => JournalPoint;
}

/**
 * Consumes batches of one shard of a stream, whose records `readRecord` takes apart. What cannot be kept now is named
 * as the first unfinished sequence number, from which the batch comes again; only a bug throws.
 */
export const streamConsumer =
  (
    readRecord: (record: StreamRecord) => ReadPart,
    { store, deadLetters, onBatch = () => {} }: StreamConsumerOptions,
  ): StreamConsumer =>
  async ({ Records: records }) => {
    const first = records[0];
    const last = records.at(-1);
    if (first === undefined || last === undefined) return { batchItemFailures: [] };
    try {
      const end = endOf(last);
      const { kept, dead } = await indexEntries(readParts(records, readRecord), end, { store, deadLetters });
      log.debug("consumed", { shard: end.shard, kept, dead });
      onBatch({ kept, dead, oldestArrivalMs: first.kinesis.approximateArrivalTimestamp * 1000 });
      return { batchItemFailures: [] };
    } catch (error) {
      if (!(error instanceof PulseError)) throw error;
      const { message: reason, cause } = error;
      log.warn("the batch will come again", { reason, cause: String(cause), records: records.length });
      onBatch({ returned: true });
      return { batchItemFailures: [{ itemIdentifier: first.kinesis.sequenceNumber }] };
    }
  };

const endOf = (last: KinesisStreamRecord): BatchEnd => ({
  shard: shardOf(last),
  seq: toSeq(last.kinesis.sequenceNumber, MAX_EVENTS_PER_RECORD - 1),
  arrivedAtMs: last.kinesis.approximateArrivalTimestamp * 1000,
});

/** `<stream>/<shard id>`, from the stream's ARN and the record's id `<shard id>:<sequence number>`. */
function shardOf(record: KinesisStreamRecord): string {
  const stream = record.eventSourceARN.slice(record.eventSourceARN.indexOf("stream/") + "stream/".length);
  return `${stream}/${record.eventID.slice(0, record.eventID.lastIndexOf(":"))}`;
}

/** As many events as a bulk takes: while they are under way, the next are read. */
const EVENTS_PER_PART = 2500;

/** The records' entries, read when they are asked for, a few records at once. */
function* readParts(
  records: readonly KinesisStreamRecord[],
  readRecord: (record: StreamRecord) => ReadPart,
): Generator<ReadPart> {
  let entries: PointedEntry[] = [];
  let unreadable: DeadLetter[] = [];
  for (const record of records) {
    const read = readRecord(toStreamRecord(record));
    for (const entry of read.entries) entries.push(entry);
    unreadable.push(...read.unreadable);
    if (entries.length < EVENTS_PER_PART) continue;
    yield { entries, unreadable };
    entries = [];
    unreadable = [];
  }
  yield { entries, unreadable };
}

function toStreamRecord(record: KinesisStreamRecord): StreamRecord {
  const shard = shardOf(record);
  const seqAt = seqsOf(record.kinesis.sequenceNumber);
  return {
    data: Buffer.from(record.kinesis.data, "base64"),
    pointAt: (offset) => ({ shard, seq: seqAt(offset) }),
  };
}
