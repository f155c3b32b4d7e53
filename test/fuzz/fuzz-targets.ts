import { deepStrictEqual, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { knownFormatsOf } from "#core/haproxy/config/known-formats.ts";
import { readHaproxyConfig } from "#core/haproxy/config/read-haproxy-config.ts";
import { ambiguities } from "#core/haproxy/log-format/ambiguities.ts";
import type { LogFormat } from "#core/haproxy/log-format/log-format.ts";
import { LogFormatError } from "#core/haproxy/log-format/log-format-error.ts";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { eventIdOf } from "#core/haproxy/logs/event-id.ts";
import {
  fromLineBytes,
  type LineBytes,
  type LogRecord,
  toLineBytes,
  toLogRecordLine,
} from "#core/haproxy/logs/log-record.ts";
import { readLogRecord } from "#core/haproxy/logs/read-log-record.ts";
import { readLogRecords, readRawLines } from "#core/haproxy/logs/sent-lines.ts";
import { toRecordedEvent } from "#core/haproxy/logs/to-event.ts";
import { compileTemplate } from "#core/haproxy/parser/compiled/compile-template.ts";
import { haproxyParser } from "#core/haproxy/parser/haproxy-parser.ts";
import { lineTemplate } from "#core/haproxy/parser/line-template.ts";
import { matchTemplate } from "#core/haproxy/parser/match-template.ts";
import { toRecord } from "#core/haproxy/parser/to-record.ts";
import { MAX_FRAME_BYTES, type SyslogFrame, SyslogFrameDecoder } from "#core/haproxy/syslog/syslog-frames.ts";
import { capturedLines, labelledLines } from "#test/core/haproxy/known-lines.ts";
import { anyLineInput } from "#test/core/haproxy/log-format/any-line-input.ts";
import { printLogLine } from "#test/core/haproxy/log-format/print-log-line.ts";
import { anyBytes, anyText } from "#test/fuzz/random-input.ts";
import { randomFormat } from "#test/real-haproxy/random-formats.ts";
import type { Random } from "#test/support/random.ts";
import { aLogLine, aReceiptRecord } from "#test/support/samples/log-records.ts";

/** Reads one input that the chances make, and throws when what comes of it is not right. */
export type FuzzTarget = (random: Random) => void;

const CONTEXT = { zone: "Europe/Berlin", receivedAtMs: Date.UTC(2026, 10, 22) };
const lines: readonly Uint8Array[] = [...capturedLines, ...labelledLines.map(({ line }) => line)];
const config = readFileSync(new URL("../fixtures/haproxy/haproxy.cfg", import.meta.url), "utf8");
const formats = knownFormatsOf(readHaproxyConfig(config));
const parse = haproxyParser({ formats });

/** A line is a record or a rejection, whatever was read before it, and its event keeps all its bytes. */
function lineTarget(random: Random): void {
  const bytes = anyBytes(random, lines);
  const context = { ...CONTEXT, cut: random.chance(0.1) };
  const parsed = parse(bytes, context);
  ok("record" in parsed !== "rejected" in parsed);
  if (random.chance(0.005)) deepStrictEqual(haproxyParser({ formats })(bytes, context), parsed);

  const { event } = toRecordedEvent(lineOf(bytes), parse);
  const value = JSON.parse(event.value as string) as LineBytes;
  ok(Buffer.from(fromLineBytes(value)).equals(bytes), "the event does not keep the line");
  ok(event.tags.length > 0 && event.tags.every((tag) => tag !== "" && tag.length <= 512), "tags are not right");
}

function lineOf(bytes: Uint8Array) {
  const { line: _, ...origin } = aLogLine(1, "") as ReturnType<typeof aLogLine> & { line?: string };
  return { ...origin, ...toLineBytes(bytes) } as ReturnType<typeof aLogLine>;
}

/** A stream is cut into the same frames however it comes, and holds no more than a frame. */
function frameTarget(random: Random): void {
  const stream = Buffer.concat(
    Array.from({ length: random.integer(1, 6) }, () => {
      const line = anyBytes(random, lines);
      const count = random.chance(0.9) ? line.length : random.integer(0, 2 ** 31);
      return random.chance(0.5) ? Buffer.concat([Buffer.from(`${count} `), line]) : Buffer.concat([line, LINE_FEED]);
    }),
  );
  const decoder = new SyslogFrameDecoder();
  const frames: SyslogFrame[] = [];
  for (let at = 0; at < stream.length; ) {
    const end = at + random.integer(1, random.chance(0.5) ? 3 : 2000);
    frames.push(...decoder.push(stream.subarray(at, end)));
    ok(decoder.heldBytes <= MAX_FRAME_BYTES, "more is held than a frame may have");
    at = end;
  }
  frames.push(...decoder.end());
  const atOnce = new SyslogFrameDecoder();
  deepStrictEqual(frames, [...atOnce.push(stream), ...atOnce.end()]);
  ok(frames.every(({ line }) => line.length > 0 && line.length <= MAX_FRAME_BYTES));
}

const LINE_FEED = Buffer.from("\n");
const configLines = config.split("\n").map((line) => `${line}\n`);

/** A configuration is read as far as it can be, and its formats can be used. */
function configTarget(random: Random): void {
  const isWhole = random.chance(0.2);
  const text = isWhole
    ? anyText(random, [config])
    : Array.from({ length: random.integer(1, 12) }, () => anyText(random, configLines)).join("");
  const known = knownFormatsOf(readHaproxyConfig(text, (name) => (random.chance(0.5) ? `${name} "x"` : undefined)));
  if (random.chance(0.05)) haproxyParser({ formats: known })(random.oneOf(lines), CONTEXT);
}

/** A format is read or refused; the compiled reader reads nothing otherwise than the matcher. */
function formatTarget(random: Random): void {
  const text = random.chance(0.3) ? anyText(random, [randomFormat(random)]) : randomFormat(random);
  const format = readOrRefuse(text);
  if (format === undefined) return;
  ambiguities(format);
  const template = lineTemplate(format);
  const compiled = compileTemplate(template);
  for (const input of fc.sample(anyLineInput(format, { hostile: true }), {
    numRuns: 3,
    seed: random.integer(0, 2 ** 30),
  })) {
    const bytes = anyBytes(random, [Buffer.from(printLogLine(format, input), "latin1")]);
    const message = bytes.toString("latin1");
    const values = matchTemplate(template, message);
    const slow = values && toRecord(template, { syslog: {}, message }, { values }, CONTEXT);
    const isAscii = bytes.every((byte) => byte < 0x80);
    const fast = isAscii ? compiled?.(message, bytes, 0, message.length, {}, CONTEXT) : undefined;
    // No HAProxy prints a control character; where one stands in a request, only the compiled reader reads the line.
    const isMoreTolerant = slow === undefined && bytes.some((byte) => byte < 0x20 || byte === 0x7f);
    if (fast !== undefined && !isMoreTolerant) deepStrictEqual(fast, slow);
  }
}

function readOrRefuse(text: string): LogFormat | undefined {
  try {
    return readLogFormat("fuzzed", text);
  } catch (error) {
    if (error instanceof LogFormatError) return undefined;
    throw error;
  }
}

const recordLines = [aLogLine(1, "a line"), aReceiptRecord(1)].map(toLogRecordLine);
const sender = { namespace: "default", source: "edge-1", zone: "UTC" };

/** What is a record comes back from its own text; of what is none all is said that is wrong. */
function recordTarget(random: Random): void {
  const text = anyText(random, recordLines);
  const read = readLogRecord(text);
  if ("faults" in read) ok(read.faults.length > 0 && read.faults.every(({ detail }) => detail !== ""));
  else {
    checkPrinted(read.record);
    ok(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(eventIdOf(read.record.id)));
    const { event } = toRecordedEvent(read.record, parse);
    ok(event.tags.every((tag) => tag.isWellFormed()));
  }
}

/** JSON has a -0, which is printed as 0. */
function checkPrinted(record: LogRecord): void {
  const printed = toLogRecordLine(record);
  deepStrictEqual(readLogRecord(printed), { record: JSON.parse(printed) });
}

/** A body's lines are answered for one by one, in their places. */
function bodyTarget(random: Random): void {
  const body = Buffer.concat(
    Array.from({ length: random.integer(1, 5) }, () => {
      const isRecord = random.chance(0.5);
      return Buffer.concat([isRecord ? Buffer.from(anyText(random, recordLines)) : anyBytes(random, lines), LINE_FEED]);
    }),
  );
  for (const sent of [[...readRawLines(body, sender, 0)], [...readLogRecords(body.toString(), sender, 0)]]) {
    const places = sent.map(({ place }) => place);
    deepStrictEqual(
      places,
      [...new Set(places)].sort((one, other) => one - other),
    );
    for (const line of sent) if ("record" in line) checkPrinted(line.record);
  }
}

/** What is fuzzed, by name. */
export const FUZZ_TARGETS: Readonly<Record<string, FuzzTarget>> = {
  lines: lineTarget,
  frames: frameTarget,
  configs: configTarget,
  formats: formatTarget,
  records: recordTarget,
  bodies: bodyTarget,
};
