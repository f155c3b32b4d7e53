import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { builtInFormats } from "#core/haproxy/log-format/built-in-formats.ts";
import type { LogFormat } from "#core/haproxy/log-format/log-format.ts";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { readLongLine } from "#core/haproxy/parser/cut-lines.ts";
import { haproxyParser, type KnownFormat, readEveryWay } from "#core/haproxy/parser/haproxy-parser.ts";
import { readersOf } from "#core/haproxy/parser/readers.ts";
import { decodeLine } from "#core/haproxy/parser/text.ts";
import { HeaderMemory } from "#core/haproxy/syslog/header-memory.ts";
import { capturedLines, goldenFiles, goldenFormats } from "#test/core/haproxy/known-lines.ts";
import { anyLineInput } from "#test/core/haproxy/log-format/any-line-input.ts";
import { printLogLine } from "#test/core/haproxy/log-format/print-log-line.ts";

const context = { zone: "Europe/Berlin", receivedAtMs: Date.parse("2026-11-22T01:22:47Z") };

/** What the parser says of a line, and what it says when it tries every format in every way. */
function readTwice(formats: readonly KnownFormat[]) {
  const parse = haproxyParser({ formats });
  const readers = readersOf(formats);
  const headers = new HeaderMemory();
  return (line: Uint8Array) => {
    const decoded = decodeLine(line);
    const { syslog, at } = headers.read(decoded.text, decoded.bytes);
    return {
      quick: parse(line, context),
      slow: readEveryWay(readers, { text: decoded.text, syslog, at }, context),
      isLong: decoded.isAscii && readLongLine(readers, decoded, at, syslog, context) !== undefined,
    };
  };
}

const HTTP_TAIL = "%ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";

/** Formats that can be taken for each other until a line goes on, with headers and requests in every order. */
const RIVALS: readonly KnownFormat[] = [
  {
    format: readLogFormat(
      "other",
      `%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc ${HTTP_TAIL} id=%ID`,
    ),
  },
  {
    format: readLogFormat("same", `%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc ${HTTP_TAIL} end`),
    frontends: ["fe_web"],
  },
  { format: readLogFormat("uri-last", "%ci:%cp [%tr] %ft %b/%s %ST %hr %{+Q}r") },
  { format: readLogFormat("request-first", "%ci:%cp [%t] %{+Q}r %hr %hs %ft %ST %Ta") },
  { format: readLogFormat("without-date", "%ci %hr %{+Q}r") },
  { format: readLogFormat("one-block", "%ci:%cp [%tr] %f %ST %B %hs") },
];

/** Without a LF: HAProxy encodes control characters where the quick readers do not look for them. */
const lines: readonly Uint8Array[] = (goldenFiles[0]?.rows().map(({ line }) => line) ?? capturedLines).map((line) =>
  line.at(-1) === 0x0a ? line.subarray(0, -1) : line,
);

const CONFIGURATIONS: readonly (readonly [string, readonly KnownFormat[]])[] = [
  ["the built-in formats", []],
  ["formats that are much alike", RIVALS],
  ...(goldenFiles.length > 0 ? [["a configuration", goldenFormats()] as const] : []),
];

const piece = fc.constantFrom(
  "",
  " ",
  "-",
  "+",
  "{",
  "}",
  "|",
  '"',
  "#22",
  "~",
  "999",
  " - - ---- 1/1/",
  "é",
  " {a|b",
  ' "GET /',
);

/** A captured line with something in it replaced, cut anywhere. */
const anyCutLine = fc
  .record({ line: fc.constantFrom(...lines), length: fc.nat(1100), at: fc.nat(1100), taken: fc.nat(6), put: piece })
  .map(({ line, length, at, taken, put }) => {
    const whole = Buffer.from(line);
    const other = Buffer.concat([whole.subarray(0, at), Buffer.from(put), whole.subarray(at + taken)]);
    return other.subarray(0, length);
  });

/** A line of one of these formats, cut anywhere. */
const cutLineOf = (formats: readonly LogFormat[]): fc.Arbitrary<Uint8Array> =>
  fc
    .constantFrom(...formats)
    .chain((format) =>
      fc.tuple(
        anyLineInput(format).map((input) => printLogLine(format, input)),
        fc.nat(400),
      ),
    )
    .map(([line, length]) => Buffer.from(`<134>Nov 22 01:22:46 gw-1 haproxy[71]: ${line.slice(0, length)}`, "latin1"));

describe.each(CONFIGURATIONS)("a cut line, by %s,", (_, formats) => {
  const read = readTwice(formats);
  const isAsEveryWay = (line: Uint8Array): void => {
    const { quick, slow } = read(line);
    expect([Buffer.from(line).toString("latin1"), quick]).toEqual([Buffer.from(line).toString("latin1"), slow]);
  };

  test.each(["-+0", "+-0", "++1", "--1", "-1", "+1"])("has one sign at most before a number, as in %s", (number) => {
    const head = "<134>Nov 22 01:22:46 gw-1 haproxy[71]: 127.0.0.1:36629 [22/Nov/2026:01:22:46.331] fe be/srv1";
    const captured = "{www.example.com|ua/1|} {|alpha/1.0} ";

    for (const headers of ["", captured])
      for (const request of ['"GET / HT', '"GET / HTTP/1.1"'])
        isAsEveryWay(
          Buffer.from(`${head} 0/0/0/0/${number} 200 ${number} - - ---- 1/1/1/1/0 0/0 ${headers}${request}`),
        );
  });

  test("is what it is when every format is tried in every way", () => {
    fc.assert(fc.property(anyCutLine, isAsEveryWay), { numRuns: 1000 });
  });

  test("of any format is what it is when every format is tried in every way", () => {
    const all = [...formats.map(({ format }) => format), ...builtInFormats()];
    fc.assert(fc.property(cutLineOf(all), isAsEveryWay), { numRuns: 600 });
  });
});

test("lines cut in their request or captured headers are read by the quick reader, whatever formats are known", () => {
  const line =
    '<134>Nov 22 01:22:46 gw-1 haproxy[71]: 192.0.2.7:40001 [22/Nov/2026:01:22:46.321] fe_web app/a1 0/0/0/0/+5 200 77 - - ---- 1/1/1/1/0 0/0 {a#22|} {|b} "GET /index.html';
  const read = readTwice([]);

  for (const end of ["{a#22", "{|b", "GET /in"]) {
    const { quick, slow, isLong } = read(Buffer.from(line.slice(0, line.indexOf(end) + end.length)));

    expect(isLong).toBe(true);
    expect(quick).toEqual(slow);
    expect(quick).toHaveProperty("record.truncated", true);
  }
});

const START = "192.0.2.7:40001 [22/Nov/2026:01:22:46.321] fe_web";
const CUT_HTTPLOG = `${START} app/a1 0/0/0/0/5 200 77 - - ---- 1/1/1/1/0 0/0 {a} {b} "GET /index`;
const HTTPLOG = `%ci:%cp [%t] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc ${HTTP_TAIL}`;

test.each([
  [
    "is whole by a format that holds anything",
    "%ci:%cp [%tr] %ft %[var(txn.rest)]",
    CUT_HTTPLOG,
    { record: { format: "x" } },
  ],
  [
    "is whole where headers were not printed",
    "%ci:%cp [%t] %f %CC %CS %tsc %hr %[var(txn.x)]",
    `${START} - - ---- {a`,
    { record: { format: "x" } },
  ],
  [
    "has fields of other names by another format",
    HTTPLOG,
    CUT_HTTPLOG,
    { rejected: { reason: "cut-before-its-format-shows" } },
  ],
  [
    "is cut nowhere that a request can be",
    "%ci [%t] %ST",
    `${CUT_HTTPLOG} b c d`,
    { rejected: { reason: "unknown-format" } },
  ],
  ["says what it was of", `${HTTPLOG} end`, `Server ${START}/a is UP {a`, { rejected: {} }],
])("a line that %s is not taken for another", (_, text, line, answer) => {
  const read = readTwice([{ format: readLogFormat("x", text) }]);

  const { quick, slow, isLong } = read(Buffer.from(`<134>Nov 22 01:22:46 gw-1 haproxy[71]: ${line}`));

  expect(isLong).toBe(false);
  expect(quick).toEqual(slow);
  expect(quick).toMatchObject(answer);
});
