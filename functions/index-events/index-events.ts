import type { KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from "aws-lambda";
import { PulseError } from "#core/errors.ts";
import { MAX_EVENTS_PER_RECORD, toSeq } from "#core/events/event-journal.ts";
import type { EventStore } from "#core/events/event-store.ts";
import {
  type BatchEnd,
  type DeadLetter,
  type DeadLetterPlace,
  indexEntries,
  type PointedEntry,
} from "#core/events/index-entries.ts";
import { fromJournalLine, splitRecord } from "#core/events/journal-record.ts";
import { log } from "#functions/shared/log.ts";
import type { BatchOutcome } from "#functions/shared/metrics.ts";

export type IndexEventsHandler = (batch: KinesisStreamEvent) => Promise<KinesisStreamBatchResponse>;

export interface IndexEventsOptions {
  readonly store: EventStore;
  readonly deadLetters: DeadLetterPlace;
  /** Told what became of each batch. @default - nobody is */
  readonly onBatch?: (outcome: BatchOutcome) => void;
}

/**
 * Consumes a batch of one shard of the `events` stream. What cannot be kept now is named as the first unfinished sequence
 * number, from which the batch comes again; only a bug throws.
 */
export const indexEventsHandler =
  ({ store, deadLetters, onBatch = () => {} }: IndexEventsOptions): IndexEventsHandler =>
  async ({ Records: records }) => {
    const first = records[0];
    const last = records.at(-1);
    if (first === undefined || last === undefined) return { batchItemFailures: [] };
    const entries: PointedEntry[] = [];
    const unreadable: DeadLetter[] = [];
    for (const record of records) readRecord(record, entries, unreadable);
    try {
      const end = endOf(last);
      const { kept, dead } = await indexEntries(entries, unreadable, end, { store, deadLetters });
      log.debug("indexed", { shard: end.shard, kept, dead });
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

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A line that cannot be read is a dead letter of its own; its neighbours are not harmed. */
function readRecord(record: KinesisStreamRecord, entries: PointedEntry[], unreadable: DeadLetter[]): void {
  const shard = shardOf(record);
  const { sequenceNumber, data } = record.kinesis;
  let text: string;
  try {
    text = utf8.decode(Buffer.from(data, "base64"));
  } catch {
    unreadable.push({ reason: "the record is not UTF-8", point: { shard, seq: toSeq(sequenceNumber, 0) }, line: data });
    return;
  }
  for (const [offset, line] of splitRecord(text).entries()) {
    const point = { shard, seq: toSeq(sequenceNumber, offset) };
    try {
      entries.push({ event: fromJournalLine(line), point, line });
    } catch (error) {
      unreadable.push({ reason: (error as Error).message, point, line });
    }
  }
}
