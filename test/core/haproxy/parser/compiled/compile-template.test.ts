import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { optionFormat } from "#core/haproxy/log-format/built-in-formats.ts";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { type CompiledReader, compileTemplate } from "#core/haproxy/parser/compiled/compile-template.ts";
import { lineTemplate } from "#core/haproxy/parser/line-template.ts";
import { matchTemplate } from "#core/haproxy/parser/match-template.ts";
import type { HaproxyRecord } from "#core/haproxy/parser/record.ts";
import { decodeLine } from "#core/haproxy/parser/text.ts";
import { toRecord } from "#core/haproxy/parser/to-record.ts";
import { readSyslog } from "#core/haproxy/syslog/read-syslog.ts";
import { capturedLines, goldenFiles } from "#test/core/haproxy/known-lines.ts";

const context = { zone: "Europe/Berlin", receivedAtMs: Date.parse("2026-11-22T01:22:47Z") };

const FORMATS = [
  optionFormat("httplog"),
  optionFormat("tcplog"),
  readLogFormat("short", "%ci:%cp [%t] %f %ST %Tt %hr %{+Q}r end"),
];

const formats = FORMATS.map((format) => {
  const template = lineTemplate(format);
  const compiled = compileTemplate(template);
  if (compiled === undefined) throw new Error(`${format.name} is not compiled`);
  return { name: format.name, template, compiled };
});

/** What the compiled reader and the matcher make of a message; the first is undefined where it leaves it to the second. */
function readTwice(
  { template, compiled }: (typeof formats)[number],
  message: string,
): { fast: HaproxyRecord | undefined; slow: HaproxyRecord | undefined } {
  const syslog = {};
  const bytes = Buffer.from(message, "latin1");
  const values = matchTemplate(template, message);
  return {
    fast: compiled(message, bytes, 0, message.length, syslog, context),
    slow: values && toRecord(template, { syslog, message }, { values }, context),
  };
}

const messages: readonly string[] = (goldenFiles[0]?.rows().map(({ line }) => line) ?? capturedLines).flatMap(
  (line) => {
    const { text, isAscii } = decodeLine(line);
    return isAscii ? [readSyslog(text).message] : [];
  },
);

/** A line with something in it cut out, doubled, or replaced by what means something in these formats. */
const mutatedMessage = fc
  .record({
    message: fc.constantFrom(...messages),
    at: fc.nat(400),
    length: fc.nat(6),
    put: fc.oneof(
      fc.constantFrom("", " ", "-", "+", "0", "/", ":", "{", "}", "|", '"', "#", "#2", "~", "999", " - - ---- 1/1/"),
      fc.string({ unit: "grapheme-ascii", maxLength: 4 }),
    ),
  })
  .map(({ message, at, length, put }) => message.slice(0, at) + put + message.slice(at + length));

describe.each(formats)("the compiled reader of $name", (format) => {
  test("reads what it reads as the matcher does", () => {
    for (const message of messages) {
      const { fast, slow } = readTwice(format, message);

      if (fast !== undefined) expect(fast).toEqual(slow);
    }
  });

  test("reads no mutation of a line otherwise than the matcher", () => {
    fc.assert(
      fc.property(mutatedMessage, (message) => {
        const { fast, slow } = readTwice(format, message);

        if (fast !== undefined) expect(fast).toEqual(slow);
      }),
      { numRuns: 2000 },
    );
  }, 60_000);
});

test("ordinary lines of httplog are not left to the matcher", () => {
  const [httplog] = formats as [(typeof formats)[number]];
  const whole = messages.filter((message) => matchTemplate(httplog.template, message) !== undefined);

  const fast = whole.filter((message) => readTwice(httplog, message).fast !== undefined);

  // The project's own captures were chosen for what is odd in them.
  expect(fast.length).toBeGreaterThan(whole.length * (goldenFiles.length > 0 ? 0.9 : 0.6));
});

test("captured headers are decoded also where a format has no request", () => {
  const template = lineTemplate(readLogFormat("headers", "%ci:%cp [%t] %f %ST %Tt %hr end"));
  const compiled = compileTemplate(template) as CompiledReader;

  const { fast, slow } = readTwice(
    { name: "headers", template, compiled },
    "192.0.2.7:40001 [15/Mar/2026:12:00:00.000] web 200 4 {a#22b|} end",
  );

  expect(fast).toHaveProperty("decoded", { request_headers: ['a"b', null] });
  expect(fast).toEqual(slow);
});

test.each(["%{+Q}o %ci", "%ci %[capture.req.hdr(0)] %B [%t] x", '{"a":"%ci"}', "%{+json}o %(a)ci"])(
  "%s is left to the matcher",
  (text) => {
    expect(compileTemplate(lineTemplate(readLogFormat("other", text)))).toBeUndefined();
  },
);

test("a format that names the request twice is left to the matcher", () => {
  const format = readLogFormat("twice", "%ci:%cp [%t] %{+Q}r %ST %{+Q}r");

  expect(compileTemplate(lineTemplate(format))).toBeUndefined();
});

test("no literal of a format can become code", () => {
  const literal = '"];globalThis.broken=1;//`+(globalThis.broken=1)+`\u2028\\';
  const template = lineTemplate(readLogFormat(literal, `%ci:%cp [%t] ${literal.replaceAll("%", "%%")} %B end`));

  compileTemplate(template);

  expect(globalThis).not.toHaveProperty("broken");
});
