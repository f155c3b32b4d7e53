import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { toSeq } from "#core/events/event-journal.ts";
import { splitRecord } from "#core/events/records/journal-record.ts";
import type { LogJournal } from "#core/haproxy/logs/log-journal.ts";
import type { LogRecord } from "#core/haproxy/logs/log-record.ts";
import { fromLogRecordLine } from "#core/haproxy/logs/read-log-record.ts";
import { aLogLine, aReceiptRecord, httplogLine } from "#test/support/samples/log-records.ts";

/** A journal of log records that one test has for itself. */
export interface OpenedLogJournal {
  readonly journal: LogJournal;
  /** Every record that it holds, as its consumers get it. */
  readAll(): Promise<readonly { shard: string; sequenceNumber: string | bigint; data: Uint8Array }[]>;
  close(): Promise<void>;
}

const MIB = 1024 * 1024;

const manyLines = (count: number): LogRecord[] =>
  Array.from({ length: count }, (_, index) => aLogLine(index + 1, httplogLine({ uri: `/${index}` })));

/** What every journal of log records promises. */
export function behavesLikeALogJournal(name: string, open: () => Promise<OpenedLogJournal>): void {
  describe(`${name} behaves like a journal of log records`, () => {
    test.each<[string, LogRecord[]]>([
      ["nothing", []],
      ["a line, whatever its bytes, and a receipt", [aLogLine(1, 'é"\\\u2028'), aReceiptRecord(1)]],
      ["many lines, which take several records", manyLines(10_000)],
      ["lines in which gzip finds nothing to compress", incompressible(40)],
    ])("holds each record at the point that it answers: %s", async (_, records) => {
      const { journal, readAll, close } = await open();

      const appended = await journal.append(records);

      const places = new Map<string, LogRecord>();
      for (const { shard, sequenceNumber, data } of await readAll()) {
        expect(data.length).toBeLessThanOrEqual(MIB);
        const text = gunzipSync(data, { maxOutputLength: 4 * MIB }).toString();
        expect(text.endsWith("\n")).toBe(true);
        for (const [offset, line] of splitRecord(text).entries())
          places.set(`${shard} ${toSeq(sequenceNumber, offset)}`, fromLogRecordLine(line));
      }
      await close();
      expect(places.size).toBe(records.length);
      const misplaced = records.filter((record, index) => {
        const outcome = appended[index];
        const point = outcome !== undefined && "point" in outcome ? outcome.point : undefined;
        return !isDeepStrictEqual(places.get(`${point?.shard} ${point?.seq}`), record);
      });
      expect(misplaced.map(({ id }) => id).slice(0, 3)).toEqual([]);
    });
  });
}

/** Of the longest that there are. */
function incompressible(count: number): LogRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const { line: _line, ...origin } = aLogLine(index + 1, "") as { line: string };
    return { ...origin, b64: randomBytes(65_536).toString("base64") } as LogRecord;
  });
}
