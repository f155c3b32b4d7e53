import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  fromLineBytes,
  type LogRecord,
  lineId,
  newIncarnation,
  receiptBlockOf,
  receiptId,
  toLineBytes,
  toLogRecordLine,
} from "#core/haproxy/logs/log-record.ts";
import { fromLogRecordLine, readLogRecord } from "#core/haproxy/logs/read-log-record.ts";
import { aReceipt } from "#test/support/samples/log-records.ts";

const AT = "2026-11-22T13:00:00.123Z";
const origin = { id: "0123456789abcdef-000000000012345", at: AT, namespace: "default", source: "edge-1" };
const receipt = aReceipt({ incarnation: "0123456789abcdef", since: "2026-11-22T12:59:00.000Z", until: AT });

const recordOf = (read: ReturnType<typeof readLogRecord>): LogRecord => {
  if ("faults" in read) throw new Error(JSON.stringify(read.faults));
  return read.record;
};
const faultsOf = (read: ReturnType<typeof readLogRecord>): string[] =>
  "faults" in read ? read.faults.map(({ pointer, detail }) => `${pointer} ${detail}`) : [];

describe("a log record", () => {
  test("comes back from its line of NDJSON", () => {
    const records: LogRecord[] = [
      { ...origin, zone: "Europe/Berlin", line: '<134>"é\u2028\t' },
      { ...origin, zone: "+02:00", cut: true, b64: "/v8=" },
      { ...origin, receipt },
    ];

    for (const record of records) {
      const line = toLogRecordLine(record);

      expect(line.indexOf("\n")).toBe(line.length - 1);
      expect(recordOf(readLogRecord(line))).toEqual(record);
    }
  });

  test("that lacks something is refused with all that it lacks", () => {
    expect(() => fromLogRecordLine('{"id":"a","line":"b"}')).toThrow(
      new SyntaxError("not a log record: /at is missing; /namespace is missing; /source is missing"),
    );
  });

  test("carries any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const record: LogRecord = { ...origin, zone: "UTC", ...toLineBytes(bytes) };

        const read = recordOf(readLogRecord(toLogRecordLine(record)));

        if ("receipt" in read) throw new Error("a line became a receipt");
        expect(Buffer.from(fromLineBytes(read))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test("keeps a byte order mark, and is Base64 only where it must be", () => {
    expect(toLineBytes(Buffer.from("\ufeff<134>ü"))).toEqual({ line: "\ufeff<134>ü" });
    expect(toLineBytes(Buffer.from([0xff, 0xfe]))).toEqual({ b64: "//4=" });
  });

  test("takes what it lacks from what its transport knows, and a receipt takes no zone", () => {
    const defaults = { ...origin, zone: "UTC" };

    expect(readLogRecord('{"line":"a"}', defaults)).toEqual({ record: { ...origin, zone: "UTC", line: "a" } });
    expect(readLogRecord('{"line":"a","zone":"+01:00","source":"b"}', defaults)).toMatchObject({
      record: { zone: "+01:00", source: "b" },
    });
    expect(readLogRecord(JSON.stringify({ receipt }), defaults)).toEqual({ record: { ...origin, receipt } });
  });

  test("that is none says all that is wrong with it", () => {
    const read = readLogRecord('{"id":"a b","at":"yesterday","source":"\\u0000","zone":"Mars","line":1,"tz":"UTC"}');

    expect(faultsOf(read)).toEqual([
      '/id must be 1–100 letters, digits or any of _.:+-, not "a b"',
      '/at must be an RFC 3339 date and time with Z or an offset, not "yesterday"',
      "/namespace is missing",
      '/source must be 1–200 characters without control characters, not "\\u0000"',
      '/zone must be a time zone like Europe/Berlin, +02:00 or UTC, not "Mars"',
      "/line must be a string, not 1",
      "/tz is no member of a log record",
    ]);
  });

  test.each([
    ["{", " is no JSON"],
    ["[]", " must be an object, not []"],
    ["null", " must be an object, not null"],
    [JSON.stringify({ ...origin, zone: "UTC" }), " must have exactly one of line, b64 and receipt"],
    [JSON.stringify({ ...origin, zone: "UTC", line: "", b64: "" }), " must have exactly one of line, b64 and receipt"],
    [JSON.stringify({ ...origin, line: "a" }), " must have a zone"],
    [JSON.stringify({ ...origin, zone: "UTC", receipt }), " must have a zone where it has a line, and none"],
    [JSON.stringify({ ...origin, cut: true, receipt }), " no receipt is cut"],
    [JSON.stringify({ ...origin, zone: "UTC", line: "é".repeat(32_769) }), "/line must not be longer than 65536 bytes"],
    [JSON.stringify({ ...origin, zone: "UTC", b64: "abc" }), "/b64 must be Base64"],
    [JSON.stringify({ ...origin, receipt: { ...receipt, from: -1 } }), "/receipt/from "],
    [JSON.stringify({ ...origin, receipt: { ...receipt, dropped: [{ from: 1, to: 2, cause: "?" }] } }), "/cause "],
  ])("%s is refused", (text, fault) => {
    expect(faultsOf(readLogRecord(text)).join("\n")).toContain(fault);
  });

  test("is refused and not thrown at, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(faultsOf(readLogRecord(text))).not.toEqual([]);
      }),
    );
  });
});

describe("ids of an agent", () => {
  test("sort as the lines came, and tell their block", () => {
    const incarnation = newIncarnation();
    const sequences = [1, 9, 10, 9_999, 10_000, 123_456_789_012_345];

    const ids = sequences.map((sequence) => lineId(incarnation, sequence));

    expect(ids.toSorted()).toEqual(ids);
    expect(ids.map(receiptBlockOf)).toEqual([0, 0, 0, 0, 1, 12_345_678_901].map((block) => `${incarnation}-${block}`));
  });

  test("of receipts and of others are in no block", () => {
    expect(receiptBlockOf(receiptId(newIncarnation(), 1))).toBeUndefined();
    expect(receiptBlockOf("0198c0de-0000-7000-8000-000000000000")).toBeUndefined();
  });

  test("are never those of another incarnation", () => {
    expect(new Set(Array.from({ length: 1000 }, newIncarnation)).size).toBe(1000);
  });
});
