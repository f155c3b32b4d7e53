import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { fromJournalLine, toJournalLine } from "#core/events/records/journal-record.ts";
import { archivedEventReader, readJournalItem } from "#core/haproxy/logs/journal-item.ts";
import { toLogRecordLine } from "#core/haproxy/logs/log-record.ts";
import { toRecordedEvent } from "#core/haproxy/logs/to-event.ts";
import { anEvent } from "#test/support/samples/an-event.ts";
import { aLogLine, aReceiptRecord, httplogLine } from "#test/support/samples/log-records.ts";
import { parseHaproxyLine } from "#test/support/samples/parse-haproxy-line.ts";
import { plainEvent } from "#test/support/samples/plain-event.ts";

/** What would be told apart by a careless look. */
const MISLEADING = ['"receivedAtMs":1', '{"receivedAtMs":1,"at":"now","line":""}', '\\"receivedAtMs\\":'];

describe("a line of the journal", () => {
  test("is the event that was written, whatever its value looks like", () => {
    for (const text of MISLEADING) {
      const event = anEvent({ value: JSON.stringify({ at: "now", line: text, receipt: {} }) });

      expect(readJournalItem(toJournalLine(event))).toEqual({ event });
    }
  });

  test("is the log record that was written, whatever was logged", () => {
    const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...MISLEADING));

    fc.assert(
      fc.property(anyText, anyText, (line, source) => {
        const record = aLogLine(1, line.toWellFormed(), {
          source: `s${source}`.replaceAll(/\p{C}/gu, "").slice(0, 200),
        });

        expect(readJournalItem(toLogRecordLine(record))).toEqual({ record });
      }),
    );
    const receipt = aReceiptRecord(1);
    expect(readJournalItem(toLogRecordLine(receipt))).toEqual({ record: receipt });
  });

  test.each(["", "raw text", "{}", "[1]", '{"id":"a","line":"b"}'])(
    "is neither where it is %j, and says so",
    (line) => {
      expect(() => readJournalItem(line)).toThrow(SyntaxError);
      expect(() => readJournalItem(line)).toThrow(/^no event, and not a log record: /);
    },
  );
});

test("an archived line is read into the event that its indexer made of it", () => {
  const read = archivedEventReader(parseHaproxyLine);
  const [event, record] = [anEvent(), aLogLine(1, httplogLine())];

  expect(read(toJournalLine(event))).toEqual({ event: fromJournalLine(toJournalLine(event)) });
  const [archived, recorded] = [read(toLogRecordLine(record)), toRecordedEvent(record, parseHaproxyLine)];
  expect(archived.shape).toBe(recorded.shape);
  expect(plainEvent(archived.event)).toEqual(plainEvent(recorded.event));
});
