import type { Event } from "#core/events/event.ts";
import { expandTags } from "#core/events/tags.ts";
import { parseTimestamp } from "#core/events/time/timestamps.ts";
import { printUtc } from "#core/events/time/utc-text.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/types/event-types.ts";
import type { ValueShape } from "#core/events/values/value-shape.ts";
import { writeOrdinaryLine } from "#core/haproxy/logs/compiled/ordinary-lines.ts";
import { eventIdOf } from "#core/haproxy/logs/event-id.ts";
import { toEventValue } from "#core/haproxy/logs/event-value.ts";
import { readLineClock } from "#core/haproxy/logs/line-clock.ts";
import { tagsOfLine } from "#core/haproxy/logs/line-tags.ts";
import { fromLineBytes, type LogLine, type LogRecord, type ReceiptRecord } from "#core/haproxy/logs/log-record.ts";
import type { LineParser } from "#core/haproxy/parser/haproxy-parser.ts";
import type { ParsedLine, Rejection } from "#core/haproxy/parser/record.ts";

/** The event of a log record; of a line that could not be read, why not. */
export interface RecordedEvent {
  readonly event: Event;
  /** Of its value. */
  readonly shape?: ValueShape;
  readonly unparsed?: Rejection["reason"];
}

/** A record's event depends on nothing but the record: whatever is repeated, delayed or replayed is kept once. */
export function toRecordedEvent(record: LogRecord, parse: LineParser): RecordedEvent {
  if ("receipt" in record) return { event: toReceiptEvent(record) };
  const written = writeOrdinaryLine(record, parse, receivedAtOf(record));
  if (written !== undefined) return written;
  const parsed = parseLogLine(record, parse);
  const recorded = toHaproxyEvent(record, parsed);
  return "rejected" in parsed ? { ...recorded, unparsed: parsed.rejected.reason } : recorded;
}

export const parseLogLine = (line: LogLine, parse: LineParser): ParsedLine =>
  parse(fromLineBytes(line), { zone: line.zone, receivedAtMs: receivedAtOf(line), cut: line.cut ?? false });

let recentAt = { text: "", ms: 0 };

/** Lines that came together say the same. */
function receivedAtOf({ at }: LogRecord): number {
  if (recentAt.text !== at) recentAt = { text: at, ms: parseTimestamp(at) as number };
  return recentAt.ms;
}

/** What an agent says of the lines of a minute: a measurement of its gateway, of the time that it ends with. */
export function toReceiptEvent(record: ReceiptRecord): Event {
  const { id, namespace, source, receipt } = record;
  return {
    id: eventIdOf(id),
    namespace,
    type: "metrics",
    tags: expandTags(["receipts", `gateways:${source}`]),
    value: JSON.stringify(receipt),
    timestamp: receipt.until,
    timestampMs: parseTimestamp(receipt.until) as number,
    receivedAtMs: receivedAtOf(record),
  };
}

/** The event of a line, be it a record or not. Its timestamp is the line's instant, else the time it was received. */
export function toHaproxyEvent(
  line: LogLine,
  parsed: ParsedLine,
): { readonly event: Event; readonly shape: ValueShape } {
  const { timestampMs, clock } = readLineClock(
    "record" in parsed ? parsed.record.time_ms : undefined,
    receivedAtOf(line),
  );
  const { text: value, shape } = toEventValue(line, parsed, clock);
  const event = {
    id: eventIdOf(line.id),
    namespace: line.namespace,
    type: HAPROXY_EVENT_TYPE,
    tags: tagsOfLine(line, parsed),
    value,
    timestamp: printUtc(timestampMs),
    timestampMs,
    receivedAtMs: receivedAtOf(line),
  };
  return { event, shape };
}
