import { HAPROXY_FIELDS } from "#core/haproxy/logs/fields.ts";
import type { LogLine } from "#core/haproxy/logs/log-record.ts";
import { toRecordedEvent } from "#core/haproxy/logs/to-event.ts";
import { haproxyParser } from "#core/haproxy/parser/haproxy-parser.ts";
import { toBulkLines } from "#stores/opensearch/event-document.ts";
import type { Ground } from "./ground.ts";
import { httplogLines } from "./httplog-lines.ts";
import { measureMmnormalize } from "./mmnormalize.ts";
import { readByExpression } from "./regex-parser.ts";
import type { Bar, SuiteReport } from "./report.ts";

/** One way to read lines: what it makes of each. */
type Reading = (line: Buffer, index: number) => unknown;

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
    record: (line) => toRecord(line, context),
    bulk: (line, index) => {
      const { event } = toRecordedEvent(received(line, index), toRecord);
      return toBulkLines("pulse.haproxy.default.2026-11-22", { event, point: pointOf(index) }, HAPROXY_FIELDS);
    },
    regexObject: (line) => readByExpression(line),
    regexJson: (line) => JSON.stringify(readByExpression(line)),
  };
}

/** A line as an agent hands it in. */
const received = (line: Buffer, index: number): LogLine => ({
  id: `5d1e2f3a4b5c6d7e-${String(index).padStart(15, "0")}`,
  at: RECEIVED_AT,
  namespace: "default",
  source: "gw-1",
  zone: ZONE,
  line: line.toString("utf8"),
});

const pointOf = (index: number) => ({
  shard: "haproxy-logs/shardId-000000000000",
  seq: `${"49655".padEnd(56, "0")}.${String(index % 500).padStart(5, "0")}`,
});

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
  lines.forEach((line, index) => {
    kept[index % KEPT] = read(line, index);
  });
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
