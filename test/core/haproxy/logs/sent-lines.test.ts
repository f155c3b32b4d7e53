import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { fromLineBytes, type LogLine, type LogRecord } from "#core/haproxy/logs/log-record.ts";
import { faultsOfSender, readLogRecords, readRawLines, type SentLine } from "#core/haproxy/logs/sent-lines.ts";
import { MAX_FRAME_BYTES } from "#core/haproxy/syslog/syslog-frames.ts";
import { aReceipt } from "#test/support/samples/log-records.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const sender = { namespace: "default", source: "edge-1", zone: "Europe/Berlin" };
const DAY_MS = 86_400_000;

const recordOf = (line: SentLine | undefined): LogRecord => {
  if (line === undefined || !("record" in line)) throw new Error(`no record: ${JSON.stringify(line)}`);
  return line.record;
};
const bytesOf = (line: SentLine): Buffer => Buffer.from(fromLineBytes(recordOf(line) as LogLine));

describe("raw lines", () => {
  test("are a record each, of their sender, received now, by their place", () => {
    const sent = [...readRawLines(Buffer.from("one\n\ntwo"), sender, NOW_MS)];

    expect(sent).toEqual([
      { place: 1, record: { id: expect.any(String), at: "2026-11-22T12:00:00.000Z", ...sender, line: "one" } },
      { place: 3, record: { id: expect.any(String), at: "2026-11-22T12:00:00.000Z", ...sender, line: "two" } },
    ]);
    expect(new Set(sent.map((line) => recordOf(line).id)).size).toBe(2);
  });

  test("keep their bytes, whatever they are", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1 }).filter((line) => !line.includes(0x0a))), (lines) => {
        const body = Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")]));

        expect([...readRawLines(body, sender, NOW_MS)].map(bytesOf)).toEqual(lines.map((line) => Buffer.from(line)));
      }),
    );
  });

  test("longer than a frame are their beginning, and said to be cut", () => {
    const body = Buffer.from(`${"x".repeat(MAX_FRAME_BYTES)}\n${"x".repeat(MAX_FRAME_BYTES + 1)}\nnext`);

    const sent = [...readRawLines(body, sender, NOW_MS)];

    expect(sent.map((line) => bytesOf(line).length)).toEqual([MAX_FRAME_BYTES, MAX_FRAME_BYTES, 4]);
    expect(sent.map((line) => (recordOf(line) as LogLine).cut)).toEqual([undefined, true, undefined]);
  });
});

describe("log records as they are sent", () => {
  const read = (...records: object[]): SentLine[] => [
    ...readLogRecords(records.map((record) => `${JSON.stringify(record)}\n`).join(""), sender, NOW_MS),
  ];

  test("say themselves what their sender would say for them", () => {
    const whole = {
      id: "1-2",
      at: "2026-11-22T11:59:00Z",
      namespace: "default",
      source: "edge-2",
      zone: "UTC",
      line: "a",
    };

    const [first, second] = read(whole, { b64: "/w==" });

    expect(first).toEqual({ place: 1, record: whole });
    expect(second).toEqual({
      place: 2,
      record: { id: expect.any(String), at: "2026-11-22T12:00:00.000Z", ...sender, b64: "/w==" },
    });
  });

  test("are told by their place what is wrong with each; its neighbours are none the worse", () => {
    const sent = [...readLogRecords('{"line":"a"}\n\n{"zone":"Mars"}\r\nnonsense\n{"line":"b"}', sender, NOW_MS)];

    expect(sent).toEqual([
      { place: 1, record: expect.anything() },
      {
        place: 3,
        faults: [
          { pointer: "/zone", detail: expect.stringContaining("time zone") },
          { pointer: "", detail: expect.stringContaining("exactly one of line, b64 and receipt") },
        ],
      },
      { place: 4, faults: [{ pointer: "", detail: expect.stringContaining("no JSON") }] },
      { place: 5, record: expect.anything() },
    ]);
  });

  test("may name no other namespace than their path", () => {
    expect(read({ line: "a", namespace: "team-a" })).toEqual([
      { place: 1, faults: [{ pointer: "/namespace", detail: expect.stringContaining("default") }] },
    ]);
  });

  test.each([
    ["a month before", NOW_MS - 30 * DAY_MS, true],
    ["longer ago", NOW_MS - 30 * DAY_MS - 1, false],
    ["a day ahead", NOW_MS + DAY_MS, true],
    ["further ahead", NOW_MS + DAY_MS + 1, false],
    ["in 1970", 0, false],
    ["in 2099", Date.UTC(2099, 0), false],
  ])("were received when they say, unless no clock can be that wrong: %s", (_, atMs, isKept) => {
    const at = new Date(atMs).toISOString();

    const [sent] = read({ line: "a", at });

    expect(recordOf(sent).at).toBe(isKept ? at : new Date(NOW_MS).toISOString());
  });

  test("that no record of a stream could hold are refused", () => {
    const dropped = Array.from(
      { length: 30_000 },
      (_, index) => ({ from: index, to: index, cause: "kernel" }) as const,
    );
    expect(read({ receipt: aReceipt() })).toEqual([{ place: 1, record: expect.anything() }]);
    expect(read({ receipt: aReceipt({ dropped }) })).toEqual([
      { place: 1, faults: [{ pointer: "", detail: expect.stringContaining("1000000 bytes") }] },
    ]);
  });
});

describe("what a sender says of all lines", () => {
  test("is refused with all that is wrong with it", () => {
    expect(faultsOfSender(sender)).toEqual([]);
    expect(faultsOfSender({ ...sender, source: "", zone: "Mars" }).map(({ pointer }) => pointer)).toEqual([
      "/source",
      "/zone",
    ]);
  });
});
