import type { Fault } from "#core/errors.ts";
import { DAY_MS } from "#core/events/time/calendar.ts";
import { parseTimestamp } from "#core/events/time/timestamps.ts";
import { MAX_PACKED_BYTES } from "#core/haproxy/logs/log-journal.ts";
import { type LogRecord, toLineBytes, toLogRecordLine } from "#core/haproxy/logs/log-record.ts";
import { type LogDefaults, readLogRecord } from "#core/haproxy/logs/read-log-record.ts";
import { MAX_FRAME_BYTES } from "#core/haproxy/syslog/syslog-frames.ts";
import { uuidV7 } from "#core/uuid.ts";

/** What a sender says of all lines at once. */
export interface LogSender {
  readonly namespace: string;
  /** The gateway's name. */
  readonly source: string;
  /** Of the gateway's clock. */
  readonly zone: string;
}

/** A line as it was sent, by its place, counted from 1: the record that it is, or what is wrong with it. */
export type SentLine = { readonly place: number } & (
  | { readonly record: LogRecord }
  | { readonly faults: readonly Fault[] }
);

const LINE_FEED = 0x0a;

/** Raw lines, of which each is a record, whatever it holds. Empty ones are none. */
export function* readRawLines(body: Uint8Array, sender: LogSender, nowMs: number): Generator<SentLine> {
  const at = new Date(nowMs).toISOString();
  let from = 0;
  for (let place = 1; from < body.length; place++) {
    const feed = body.indexOf(LINE_FEED, from);
    const end = feed < 0 ? body.length : feed;
    const cut = end - from > MAX_FRAME_BYTES;
    const line = toLineBytes(body.subarray(from, cut ? from + MAX_FRAME_BYTES : end));
    if (end > from) yield { place, record: { id: uuidV7(nowMs), at, ...sender, ...(cut && { cut }), ...line } };
    from = end + 1;
  }
}

/** NDJSON of log records; what they do not say themselves, the sender does. */
export function* readLogRecords(body: string, sender: LogSender, nowMs: number): Generator<SentLine> {
  const at = new Date(nowMs).toISOString();
  for (const [index, text] of body.split("\n").entries()) {
    if (text === "" || text === "\r") continue;
    const place = index + 1;
    const read = readLogRecord(text, { id: uuidV7(nowMs), at, ...sender });
    const faults = "faults" in read ? read.faults : faultsOf(read.record, sender);
    if ("faults" in read || faults.length > 0) yield { place, faults };
    else yield { place, record: withinReason(read.record, nowMs) };
  }
}

/** What is wrong with what the sender says of all lines. */
export function faultsOfSender(sender: LogSender): readonly Fault[] {
  const known: LogDefaults = { id: "-", at: "2026-01-01T00:00:00Z", ...sender };
  const read = readLogRecord('{"line":""}', known);
  return "faults" in read ? read.faults : [];
}

function faultsOf(record: LogRecord, { namespace }: LogSender): Fault[] {
  if (record.namespace !== namespace)
    return [{ pointer: "/namespace", detail: `is not that of the path, which is ${namespace}` }];
  // A receipt may tell of any number of ranges.
  if ("receipt" in record && Buffer.byteLength(toLogRecordLine(record)) > MAX_PACKED_BYTES)
    return [{ pointer: "", detail: `must not be longer than ${MAX_PACKED_BYTES} bytes` }];
  return [];
}

/** As long as log lines are kept, and as far as clocks in use are wrong. */
const OLDEST_MS = 30 * DAY_MS;
const FURTHEST_AHEAD_MS = DAY_MS;

/**
 * `at` names the index of a line, so it must not be any day that a wrong clock may show: beyond reason, the line was
 * received now. Then a retry must come on the same day to double nothing.
 */
function withinReason<Sent extends LogRecord>(record: Sent, nowMs: number): Sent {
  const atMs = parseTimestamp(record.at) as number;
  if (nowMs - atMs <= OLDEST_MS && atMs - nowMs <= FURTHEST_AHEAD_MS) return record;
  return { ...record, at: new Date(nowMs).toISOString() };
}
