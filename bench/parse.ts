import { seqsOf } from "#core/events/event-journal.ts";
import { HAPROXY_FIELDS } from "#core/haproxy/logs/fields.ts";
import { type LogLine, toLineBytes } from "#core/haproxy/logs/log-record.ts";
import { toRecordedEvent } from "#core/haproxy/logs/to-event.ts";
import { haproxyParser, type LineParser } from "#core/haproxy/parser/haproxy-parser.ts";
import { bulksOf } from "#stores/opensearch/bulk.ts";
import { type PlacedEntry, writeBulkLines } from "#stores/opensearch/event-document.ts";
import type { Ground } from "./ground.ts";
import { httplogLines } from "./httplog-lines.ts";
import { measureMmnormalize } from "./mmnormalize.ts";
import { readByExpression } from "./regex-parser.ts";
import type { Bar, SuiteReport } from "./report.ts";

/** One way to read lines: what it makes of them. */
type Reading = (lines: readonly Buffer[]) => Iterable<unknown>;

export interface ParseFigures {
  readonly linesPerSecond: number;
  readonly cpuSecondsPerMillion: number;
}

const ZONE = "UTC";
const RECEIVED_AT = "2026-11-22T01:24:00.000Z";
const RECEIVED_AT_MS = Date.parse(RECEIVED_AT);
/** What was made last is kept, so that nothing is made for nothing, and the garbage is that of a batch. */
const KEPT = 2048;
const MILLION = 1_000_000;

/** What a line of HAProxy costs, beside what one would write first, and beside rsyslog. */
export async function parse({ progress }: Ground, rounds: number): Promise<SuiteReport> {
  const { lines, from } = httplogLines();
  const figures: Record<string, ParseFigures> = measureTogether(readings(), lines, rounds, progress);
  progress("mmnormalize");
  const mmnormalize = await measureMmnormalize(lines);
  if (mmnormalize !== undefined) figures.mmnormalize = mmnormalize;
  return {
    suite: "parse",
    setup:
      `${lines.length} httplog lines with their syslog headers (${from}), one core; the best of ${rounds} rounds in which ` +
      "all take turns. mmnormalize: the whole process of rsyslogd, from TCP to a file of JSON",
    rows: Object.entries(figures).map(([what, { linesPerSecond, cpuSecondsPerMillion }]) => ({
      what,
      figures: { "lines/s": linesPerSecond, "CPU s per million": cpuSecondsPerMillion },
      over: lines.length * rounds,
    })),
    bars: barsOf(figures),
    named: figures,
  };
}

function readings(): Readonly<Record<string, Reading>> {
  const toRecord = haproxyParser();
  const context = { zone: ZONE, receivedAtMs: RECEIVED_AT_MS };
  return {
    record: each((line) => toRecord(line, context)),
    bulk: (lines) => bulkBodies(lines, toRecord),
    regexObject: each((line) => readByExpression(line)),
    regexJson: each((line) => JSON.stringify(readByExpression(line))),
  };
}

function each(read: (line: Buffer) => unknown): Reading {
  return function* (lines) {
    for (const line of lines) yield read(line);
  };
}

/** What `index-haproxy-logs` and the store behind it make of lines: bodies of bulks, as they are sent. */
function* bulkBodies(lines: readonly Buffer[], toRecord: LineParser): Generator<Buffer> {
  for (const { documents } of bulksOf(entries(lines, toRecord), writeBulkLines)) {
    yield documents.bodyOf();
    documents.release();
  }
}

function* entries(lines: readonly Buffer[], toRecord: LineParser): Generator<PlacedEntry> {
  let seqAt = seqsOf(FIRST_SEQUENCE_NUMBER);
  for (const [index, line] of lines.entries()) {
    const offset = index % LINES_A_RECORD;
    if (offset === 0) seqAt = seqsOf(FIRST_SEQUENCE_NUMBER + BigInt(index));
    const { event, shape } = toRecordedEvent(received(line, index), toRecord);
    const point = { shard: SHARD, seq: seqAt(offset) };
    const entry = shape === undefined ? { event, point } : { event, shape, point };
    yield { index: INDEX, entry, fields: HAPROXY_FIELDS };
  }
}

const INDEX = "pulse.haproxy.default.2026-11-22";
const LINE_FEED = 0x0a;

/** A line as an agent hands it in: without the LF at its end. What a journal gives is an object that was parsed: plain. */
function received(line: Buffer, index: number): LogLine {
  const bytes = toLineBytes(line[line.length - 1] === LINE_FEED ? line.subarray(0, -1) : line);
  const id = `5d1e2f3a4b5c6d7e-${String(index).padStart(15, "0")}`;
  const origin = { id, at: RECEIVED_AT, namespace: "default", source: "gw-1", zone: ZONE };
  if ("b64" in bytes) return { ...origin, ...bytes };
  return { id, at: RECEIVED_AT, namespace: "default", source: "gw-1", zone: ZONE, line: bytes.line };
}

/** As many lines as an agent sends together are a record of the stream. */
const LINES_A_RECORD = 500;
const SHARD = "haproxy-logs/shardId-000000000000";
const FIRST_SEQUENCE_NUMBER = 49_655_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000n;

/** In each round each reads all lines, so that whatever else the machine does troubles all alike. */
function measureTogether(
  all: Readonly<Record<string, Reading>>,
  lines: readonly Buffer[],
  rounds: number,
  progress: (text: string) => void,
): Record<string, ParseFigures> {
  const best: Record<string, ParseFigures> = {};
  const kept: unknown[] = new Array(KEPT).fill(undefined);
  for (let round = 1; round <= rounds; round++) {
    progress(`parse, round ${round} of ${rounds}`);
    for (const [name, read] of Object.entries(all)) {
      const { linesPerSecond, cpuSecondsPerMillion } = measure(read, lines, kept);
      best[name] = {
        linesPerSecond: Math.max(linesPerSecond, best[name]?.linesPerSecond ?? 0),
        cpuSecondsPerMillion: Math.min(
          cpuSecondsPerMillion,
          best[name]?.cpuSecondsPerMillion ?? Number.POSITIVE_INFINITY,
        ),
      };
    }
  }
  return best;
}

function measure(read: Reading, lines: readonly Buffer[], kept: unknown[]): ParseFigures {
  const startMs = performance.now();
  const before = process.cpuUsage();
  let index = 0;
  for (const made of read(lines)) kept[index++ % KEPT] = made;
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - startMs) / 1000;
  // Microseconds per line are seconds per million.
  return { linesPerSecond: lines.length / seconds, cpuSecondsPerMillion: (user + system) / lines.length };
}

function barsOf({ record, bulk, regexObject, regexJson, mmnormalize }: Readonly<Record<string, ParseFigures>>): Bar[] {
  const times = (slower?: ParseFigures, faster?: ParseFigures): number | undefined =>
    slower && faster && slower.cpuSecondsPerMillion / faster.cpuSecondsPerMillion;
  return [
    { what: "record, lines/s", measured: record?.linesPerSecond, bound: { atLeast: MILLION } },
    { what: "record, times as cheap as regexObject", measured: times(regexObject, record), bound: { atLeast: 2.5 } },
    { what: "bulk, times as cheap as mmnormalize", measured: times(mmnormalize, bulk), bound: { atLeast: 2.5 } },
    { what: "bulk, times as cheap as regexJson", measured: times(regexJson, bulk), bound: { atLeast: 2 } },
  ];
}
