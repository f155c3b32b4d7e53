import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { ValueShape } from "#core/events/values/value-shape.ts";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { writeOrdinaryLine } from "#core/haproxy/logs/compiled/ordinary-lines.ts";
import { type LogLine, lineId, toLineBytes } from "#core/haproxy/logs/log-record.ts";
import { toRecordedEvent } from "#core/haproxy/logs/to-event.ts";
import { haproxyParser, type KnownFormat, type LineParser } from "#core/haproxy/parser/haproxy-parser.ts";
import { capturedLines, goldenFiles, goldenFormats } from "#test/core/haproxy/known-lines.ts";
import { aLogLine, httplogLine, INCARNATION } from "#test/support/samples/log-records.ts";

const RECEIVED_AT = "2026-11-22T05:00:00.500Z";
const receivedAtMs = Date.parse(RECEIVED_AT);

const own = readLogFormat("own", "%ci:%cp [%t] %ft %b/%s %ST %Tt %[fc_err] %hr %{+Q}r end");

/** Formats that are httplog up to a place, or have its fields in another order, so that cut lines can be of several. */
const HTTPLOG = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq";
const rivals: readonly KnownFormat[] = [
  { format: readLogFormat("request-first", "%ci:%cp [%t] %{+Q}r %hr %hs %ft %ST %Ta") },
  { format: readLogFormat("longer", `${HTTPLOG} %hr %hs %{+Q}r id=%ID`) },
  { format: readLogFormat("of-web", `${HTTPLOG} %hr %hs %{+Q}r end`), frontends: ["fe_web", "web"] },
];
const withoutHeaders = { format: readLogFormat("without-headers", `${HTTPLOG} %{+Q}r`), frontends: ["fe_sep"] };

/** What writes lines straight from their bytes, and the same formats without that. */
const configurations = [
  undefined,
  goldenFormats(),
  [{ format: own, frontends: ["web"] }],
  rivals,
  [...rivals, withoutHeaders],
];
const parsers = configurations.map((formats) => {
  const fast = haproxyParser(formats && { formats });
  const slow: LineParser = (line, context) => fast(line, context);
  return { fast, slow };
});

const toLine = (bytes: Uint8Array, number: number, given: Partial<LogLine> = {}): LogLine =>
  ({
    id: lineId(INCARNATION, number),
    at: RECEIVED_AT,
    namespace: "default",
    source: "edge-7",
    zone: "UTC",
    ...toLineBytes(bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes),
    ...given,
  }) as LogLine;

function expectTheSame(line: LogLine): void {
  for (const { fast, slow } of parsers) {
    const written = toRecordedEvent(line, fast);
    const made = toRecordedEvent(line, slow);

    expect(JSON.stringify(written.event)).toBe(JSON.stringify(made.event));
    expect(written.unparsed).toBe(made.unparsed);
    expect(otherKinds(made.shape, written.shape)).toEqual([]);
    expect(JSON.stringify(JSON.parse(written.event.value as string))).toBe(written.event.value);
  }
}

/** The members that are of another kind than is said of them; of lists it may be said that they are anything. */
const otherKinds = (made: ValueShape | undefined, written: ValueShape | undefined): string[] =>
  Object.entries(made?.members ?? {}).flatMap(([name, kind]) => {
    const said = written?.members[name];
    return said === kind || (kind === "texts" && said === "other") ? [] : [name];
  });

const { fast: withoutConfiguration } = parsers[0] as (typeof parsers)[number];
const wasWritten = (line: LogLine): boolean =>
  writeOrdinaryLine(line, withoutConfiguration, receivedAtMs) !== undefined;

const golden = goldenFiles[0]?.rows() ?? [];
const lines = [...capturedLines, ...golden.map(({ line }) => line)];

describe("what is written straight from the bytes of a line", () => {
  test("is the event that is made of its record: of all captured lines", () => {
    lines.forEach((line, index) => {
      expectTheSame(toLine(line, index * 397));
    });
  });

  test("is written of most lines of httplog, though they are chosen to be hostile", () => {
    const httplog = golden.filter(({ format }) => format === "httplog").map(({ line }, index) => toLine(line, index));
    const written = httplog.filter(wasWritten);

    if (golden.length > 0) expect(written.length / httplog.length).toBeGreaterThan(0.7);
    expect(wasWritten(aLogLine(1, httplogLine({})))).toBe(true);
  });

  test.each([
    ["0/0/1/2/4", "00/0/1/2/4"],
    ["0/0/1/2/4", "-0/007/1/2/-04"],
    ["0/0/1/2/4", "-1/-1/+1/+02/+4"],
    [" 200 77 ", " 020 077 "],
    [" 200 77 ", " -1 +77 "],
    [" 200 77 ", " -0 999999999999999 "],
    [":40001 ", ":040001 "],
    ["1/1/0/0/0 0/0", "1/1/0/0/+3 00/0"],
  ])("is the event that is made of its record, however a number is printed: %s as %s", (printed, otherwise) => {
    const line = httplogLine({}).replace(printed, otherwise);

    expect(line).toContain(otherwise);
    expectTheSame(toLine(Buffer.from(line), 1));
  });

  test.each([1, 1400, 2048, 4095, 4096])(
    "is so after %i characters that are not ASCII, whatever was remembered",
    (length) => {
      const line = toLine(Buffer.from(httplogLine({})), 7);

      expectTheSame(line);
      for (const character of ["é", "€", "😀"]) {
        expectTheSame(toLine(Buffer.from(character.repeat(length).slice(0, length)), 8));
        expectTheSame(toLine(Buffer.from("a".repeat(length - 1) + character), 8));
        expectTheSame(line);
      }
    },
  );

  const put = fc.oneof(
    fc.constantFrom(
      "",
      " ",
      "-",
      "+",
      "0",
      "00",
      "/",
      ":",
      "{",
      "}",
      "|",
      '"',
      "#",
      "#2",
      "#22",
      "#C3#A9",
      "#0A",
      "~",
      "\\",
    ),
    fc.constantFrom(
      " HTTP/2.0",
      " HTTP/3",
      " HTTP/1.0",
      "<BADREQ>",
      "\0",
      "\n",
      "\u007f",
      "é",
      "999",
      " - - ---- 1/1/",
    ),
    fc.string({ unit: "grapheme-ascii", maxLength: 4 }),
  );
  const edited = fc
    .record({
      line: fc.constantFrom(...lines),
      at: fc.nat(450),
      length: fc.nat(6),
      put,
      times: fc.integer({ min: 1, max: 3 }),
    })
    .map(({ line, at, length, put, times }) => {
      const text = Buffer.from(line).toString("latin1").replace(/\n$/, "");
      const from = at % (text.length + 1);
      return Buffer.from(text.slice(0, from) + put.repeat(times) + text.slice(from + length), "latin1");
    });

  test("is the event that is made of its record: of lines with something in them cut, doubled or replaced", () => {
    fc.assert(
      fc.property(edited, fc.nat(), (line, number) => expectTheSame(toLine(line, number))),
      { numRuns: 1000 },
    );
  });

  test("is the event that is made of its record: of lines cut anywhere", () => {
    fc.assert(
      fc.property(edited, fc.nat(1100), fc.nat(), (line, length, number) =>
        expectTheSame(toLine(line.subarray(0, length % (line.length + 1)), number)),
      ),
      { numRuns: 1000 },
    );
  });

  test("is written of a line that is cut within its request or captured headers, in which there may be anything", () => {
    const whole = httplogLine({}).replace(" HTTP/1.1", "\\#C3#A9#E9 HTTP/1.1");
    const headers = whole.replace('"GET', '{a\\b||#E9|x} {c} "GET');

    for (const line of [whole, headers])
      for (
        let length = line.length - 1;
        line.slice(0, length).includes("{") || line.slice(0, length).includes('"');
        length--
      ) {
        const cut = toLine(Buffer.from(line.slice(0, length)), length);
        expectTheSame(cut);
        // Between two of them a line ends where nothing tells how.
        if (!/[}"] ?$/.test(line.slice(0, length)) || line.slice(0, length).endsWith(' "'))
          expect(wasWritten(cut)).toBe(true);
      }
  });

  test.each(["\n", "\t", "\\", "\u007f", '"'])("is the event that is made of its record, with %j in a name", (sign) => {
    const https = `${httplogLine({})} 0/0000000000000000/0/0/0 www.ex${sign}ample/TLSv1.3/TLS_AES`;

    expectTheSame(toLine(Buffer.from(https), 1));
    expectTheSame(toLine(Buffer.from(httplogLine({}).replace("web", `we${sign}b`)), 1));
  });

  test("is nothing of a cut line that ends with a LF, which is none of it", () => {
    const whole = httplogLine({});
    const line = toLine(Buffer.from(`${whole.slice(0, whole.indexOf("GET ") + 6)}\n\n`), 1);

    expectTheSame(line);
    expect(wasWritten(line)).toBe(false);
  });

  test("is the event that is made of its record, whoever handed it in", () => {
    const line = Buffer.from(httplogLine({}));
    const id = fc.oneof(
      fc.nat({ max: 99_999 }).map((number) => lineId(INCARNATION, number)),
      fc.nat({ max: 99_999 }).map((number) => lineId("fedcba9876543210", number * 1000)),
      fc.constantFrom("line-1", "line-10001", `${INCARNATION}-12345678901`, `${INCARNATION}-123456789010001`),
    );
    const given = fc.record({
      id,
      source: fc.constantFrom("edge-7", "edge-8", 'gw "2" ü'),
      zone: fc.constantFrom("UTC", "+02:00", "Europe/Berlin"),
      at: fc.constantFrom(RECEIVED_AT, "2026-03-15T12:00:01.000Z", "2031-01-01T00:00:00Z"),
    });

    fc.assert(
      fc.property(fc.array(given), (origins) => {
        for (const origin of origins) expectTheSame(toLine(line, 1, origin));
      }),
    );
  });

  test("is nothing of a line that is cut, or that one of the formats might read otherwise", () => {
    const line = aLogLine(1, httplogLine({}));

    expect(wasWritten({ ...line, cut: true })).toBe(false);
    expect(wasWritten(aLogLine(1, `${httplogLine({})}\n`))).toBe(false);
    expect(wasWritten(aLogLine(1, httplogLine({}).replace("GET /", `GET /${"a".repeat(5000)}`)))).toBe(false);
  });
});
