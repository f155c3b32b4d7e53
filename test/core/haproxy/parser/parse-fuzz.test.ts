import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { haproxyParser } from "#core/haproxy/parser/haproxy-parser.ts";
import type { ParsedLine } from "#core/haproxy/parser/record.ts";
import type { Text } from "#core/haproxy/parser/text.ts";
import { capturedLines, goldenFiles } from "#test/core/haproxy/known-lines.ts";

const context = { zone: "Europe/Berlin", receivedAtMs: 0 };

const parse = haproxyParser({
  formats: [
    { format: readLogFormat("open", "%ci agent=%[req.hdr(user-agent)] asked=%HU cookies=%CC %CS done %ST") },
    { format: readLogFormat("json", '{"at":%Ts.%ms,"ua":"%[req.hdr(user-agent),json(utf8s)]","r":%{+Q}r,"st":%ST}') },
    { format: readLogFormat("encoded", "%{+json}o %(client)ci %(status)ST %(agent)[req.hdr(user-agent)]") },
    { format: readLogFormat("lists", "%ST %hrl %hsl %{+Q}r"), captures: { request: 2, response: 1 } },
  ],
});

const lines: readonly Uint8Array[] = goldenFiles[0]?.rows().map(({ line }) => line) ?? capturedLines;

/** What of the line is neither header nor its LF, as the answer gives it back. */
function messageBytes(parsed: ParsedLine): Buffer {
  const message: Text = "record" in parsed ? parsed.record.message : parsed.rejected.message;
  return typeof message === "string" ? Buffer.from(message, "utf8") : Buffer.from(message.b64, "base64");
}

function expectAnswer(line: Uint8Array): void {
  const parsed = parse(line, context);

  const whole = Buffer.from(line);
  const end = whole.at(-1) === 0x0a ? whole.length - 1 : whole.length;
  const message = messageBytes(parsed);
  const isCutInHeader = "record" in parsed && parsed.record.syslog.sd_truncated === true;
  if (!isCutInHeader) expect(whole.subarray(end - message.length, end).equals(message)).toBe(true);
  expect(() => JSON.stringify(parsed)).not.toThrow();
}

const HEADER = "<134>Nov 22 01:22:46 gw haproxy[1]: ";
const HTTP_HEAD = "192.0.2.7:40001 [22/Nov/2026:01:22:46.321] web app/a1 0/0/0/0/5 200 77";

describe("whatever comes in", () => {
  test("random bytes are answered, with every byte of their message", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), expectAnswer), { numRuns: 5000 });
  });

  test("captured lines are answered wherever they are cut", () => {
    fc.assert(
      fc.property(fc.constantFrom(...lines), fc.nat(1200), (line, length) => expectAnswer(line.subarray(0, length))),
      { numRuns: 3000 },
    );
  });

  test("captured lines are answered with bytes put in, taken out and doubled", () => {
    const mutation = fc.tuple(fc.constantFrom(...lines), fc.nat(1200), fc.nat(20), fc.uint8Array({ maxLength: 8 }));
    fc.assert(
      fc.property(mutation, ([line, at, length, put]) => {
        expectAnswer(Buffer.concat([line.subarray(0, at), put, line.subarray(at + length)]));
      }),
      { numRuns: 3000 },
    );
  });

  test("two lines glued together are not read as one that says what neither did", () => {
    for (const line of lines.slice(0, 200)) {
      const text = Buffer.from(line).toString("latin1").trimEnd();
      expectAnswer(Buffer.from(text + text, "latin1"));
    }
  });
});

/** Repeated, these make a reader look at what it has seen before, if it can be made to. */
const ADVERSARIAL: readonly (readonly [what: string, line: (times: number) => string])[] = [
  ["spaces", (times) => `${HEADER}${" ".repeat(times)}`],
  ["a cookie of spaces", (times) => `${HEADER}${HTTP_HEAD} a=${" ".repeat(times)}`],
  ["a cookie of termination states", (times) => `${HEADER}${HTTP_HEAD} a=${" ---- 1/1/1/1/1 0/0".repeat(times / 19)}`],
  ["a cookie of blocks", (times) => `${HEADER}${HTTP_HEAD} a=${" {".repeat(times / 2)}`],
  ["a cookie of quotes", (times) => `${HEADER}${HTTP_HEAD} a=${' "'.repeat(times / 2)}`],
  ["a cookie of separators of Vamp", (times) => `{"ci":"1.2.3.4","CC":"${'","CS":"'.repeat(times / 8)}`],
  ["headers", (times) => `${HEADER}${HTTP_HEAD} - - ---- 1/1/1/1/1 0/0 {${"|".repeat(times)}} "GET / HTTP/1.1"`],
  ["structured data", (times) => `<134>1 - - - - - [a${' b="c"'.repeat(times / 6)}`],
  ["escapes in structured data", (times) => `<134>1 - - - - - [a b="${"\\".repeat(times)}`],
  ["digits", (times) => "1".repeat(times)],
  ["colons of an address", (times) => `${":".repeat(times)}1 [`],
  [
    "a health check's answer",
    (times) => `Health check for server a/b failed, reason: x, info: "${'", '.repeat(times / 3)}`,
  ],
  ["an open value", (times) => `1.2.3.4 agent=${" asked= cookies= done ".repeat(times / 22)}`],
  ["JSON escapes", (times) => `{"at":1.2,"ua":"${"\\u".repeat(times / 2)}`],
  ["encoded JSON", (times) => `{"client": "${'\\"'.repeat(times / 2)}`],
  ["a list", (times) => `200 ${'"" '.repeat(times / 3)}`],
];

const SHORT = 16_384;
/** 64 KB, and generously more time than a line four times as short takes: what is quadratic takes sixteen times as long. */
const LONGER = 4;
const MOST = 10;
const FLOOR_MS = 30;

test.each(ADVERSARIAL)("%s cost no more than their length", (_, line) => {
  const [short, long] = [Buffer.from(line(SHORT)), Buffer.from(line(SHORT * LONGER))];
  parse(short, context);

  const shortMs = fastest(() => parse(short, context));
  const longMs = fastest(() => parse(long, context));

  expect(longMs).toBeLessThan(Math.max(shortMs, FLOOR_MS) * MOST);
});

/** Of five, so that one that was interrupted does not count; a process's own time, not that of others. */
function fastest(run: () => unknown): number {
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}
