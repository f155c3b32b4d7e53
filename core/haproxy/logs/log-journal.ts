import type { Appended } from "#core/events/event-journal.ts";
import { type PackedLines, packLines } from "#core/events/records/pack-lines.ts";
import { type LogRecord, toLogRecordLine } from "#core/haproxy/logs/log-record.ts";

/** Where a log record is first made durable: the stream `haproxy-logs`, which index-haproxy-logs follows. */
export interface LogJournal {
  /** Answers per record, in order, once each is durable or known not to be. Never throws for a part of them. */
  append(records: readonly LogRecord[]): Promise<readonly Appended[]>;
}

/** Below a mebibyte even where gzip gains nothing: what a record of Kinesis may have. */
export const MAX_PACKED_BYTES = 1_000_000;

/** Records as NDJSON, which journals compress to a gzip member each. One that is longer by itself does not fit. */
export const packLogRecords = (records: readonly LogRecord[], maxBytes = MAX_PACKED_BYTES): PackedLines<LogRecord>[] =>
  packLines(records, toLogRecordLine, maxBytes);
