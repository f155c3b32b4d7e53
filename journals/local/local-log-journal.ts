import { gzipSync } from "node:zlib";
import { type LogJournal, packLogRecords } from "#core/haproxy/logs/log-journal.ts";
import type { LogRecord } from "#core/haproxy/logs/log-record.ts";
import { LocalJournal, type LocalJournalOptions } from "#journals/local/local-journal.ts";

/** Log records, as gzip members of NDJSON: what the stream of a deployment holds. */
export type LocalLogJournal = LocalJournal<LogRecord, Uint8Array> & LogJournal;

/** Some hundred lines: what follows the journal in the same process takes them without a pause. */
const MAX_RECORD_BYTES = 128 * 1024;

export const openLocalLogJournal = (options: LocalJournalOptions<LogRecord>): LocalLogJournal =>
  new LocalJournal(
    {
      stream: "haproxy-logs",
      table: "log_journal",
      toRecords: (records) =>
        packLogRecords(records, MAX_RECORD_BYTES).map(({ data, items }) => ({
          data: gzipSync(data, { level: 1 }),
          items,
        })),
    },
    options,
  );
