import { gzipSync } from "node:zlib";
import { type LogJournal, packLogRecords } from "#core/haproxy/logs/log-journal.ts";
import type { LogRecord } from "#core/haproxy/logs/log-record.ts";
import { KinesisJournal, type KinesisJournalOptions } from "#journals/kinesis/kinesis-journal.ts";
import type { Lane } from "#journals/kinesis/pack-records.ts";

/** The stream `haproxy-logs`: records in no order, as gzip members of NDJSON. */
export class KinesisLogJournal extends KinesisJournal<LogRecord> implements LogJournal {
  constructor(options: KinesisJournalOptions) {
    super(toLogLanes, options);
  }
}

/** Each member by itself, on the shard that the id of its first record falls on. */
function toLogLanes(records: readonly LogRecord[]): Lane[] {
  let place = 0;
  return packLogRecords(records).map(({ data, items }) => [
    { partitionKey: (items[0] as LogRecord).id, data: gzipSync(data, { level: 1 }), places: items.map(() => place++) },
  ]);
}
