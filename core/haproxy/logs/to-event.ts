import { DAY_MS } from "#core/events/calendar.ts";
import type { Event } from "#core/events/event.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/event-types.ts";
import { expandTags } from "#core/events/tags.ts";
import { parseTimestamp } from "#core/events/timestamps.ts";
import { indexNameOf } from "#core/haproxy/log-format/index-fields.ts";
import { eventIdOf } from "#core/haproxy/logs/event-id.ts";
import { HAPROXY_FIELDS } from "#core/haproxy/logs/fields.ts";
import {
  fromLineBytes,
  type LogLine,
  type LogRecord,
  type ReceiptRecord,
  receiptBlockOf,
} from "#core/haproxy/logs/log-record.ts";
import type { LineParser } from "#core/haproxy/parser/haproxy-parser.ts";
import type { DecodedRequest, FieldValue, HaproxyRecord, ParsedLine, Rejection } from "#core/haproxy/parser/record.ts";
import type { Text } from "#core/haproxy/parser/text.ts";

/** The event of a log record; of a line that could not be read, why not. */
export interface RecordedEvent {
  readonly event: Event;
  readonly unparsed?: Rejection["reason"];
}

/** A record's event depends on nothing but the record: whatever is repeated, delayed or replayed is kept once. */
export function toRecordedEvent(record: LogRecord, parse: LineParser): RecordedEvent {
  if ("receipt" in record) return { event: toReceiptEvent(record) };
  const parsed = parseLogLine(record, parse);
  const event = toHaproxyEvent(record, parsed);
  return "rejected" in parsed ? { event, unparsed: parsed.rejected.reason } : { event };
}

export const parseLogLine = (line: LogLine, parse: LineParser): ParsedLine =>
  parse(fromLineBytes(line), { zone: line.zone, receivedAtMs: receivedAtOf(line), cut: line.cut ?? false });

const receivedAtOf = ({ at }: LogRecord): number => parseTimestamp(at) as number;

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

const MAX_TAG_LENGTH = 512;
const NO_SERVER = "<NOSRV>";

/**
 * The event of a line, be it a record or not. Its value has HAProxy's names at the top, then what was made of them, and the
 * line itself as `line` (`b64` when it is not UTF-8). Its timestamp is the line's instant, else the time it was received.
 */
export function toHaproxyEvent(line: LogLine, parsed: ParsedLine): Event {
  const { id, namespace, source } = line;
  const receivedAtMs = receivedAtOf(line);
  const isRecord = "record" in parsed;
  const printedMs = isRecord ? parsed.record.time_ms : undefined;
  const clock = printedMs === undefined ? undefined : clockFault(printedMs, receivedAtMs);
  const timestampMs = printedMs === undefined || clock !== undefined ? receivedAtMs : printedMs;
  const block = receiptBlockOf(id);
  const tags = isRecord ? tagsOf(parsed.record) : tagsOfRejection(parsed.rejected);
  tags.push(`sources:${source}`);
  if (block !== undefined) tags.push(`receipts:${block}`);
  return {
    id: eventIdOf(id),
    namespace,
    type: HAPROXY_EVENT_TYPE,
    tags: expandTags(tags.filter(isTag)),
    value: JSON.stringify(toValue(line, parsed, clock)),
    timestamp: new Date(timestampMs).toISOString(),
    timestampMs,
    receivedAtMs,
  };
}

type ClockFault = "ahead" | "behind";

const FURTHEST_AHEAD_MS = DAY_MS;
const FURTHEST_BEHIND_MS = 366 * DAY_MS;

/**
 * A clock that shows another year, or tomorrow, tells nothing: such lines would be the newest for ever, or never found.
 * Lines of an old file may well be months behind.
 */
function clockFault(printedMs: number, receivedAtMs: number): ClockFault | undefined {
  if (printedMs - receivedAtMs > FURTHEST_AHEAD_MS) return "ahead";
  return receivedAtMs - printedMs > FURTHEST_BEHIND_MS ? "behind" : undefined;
}

const isTag = (tag: string): boolean => tag.length <= MAX_TAG_LENGTH && !tag.endsWith(":");

function tagsOf({ fields, aliases, frontend, format }: HaproxyRecord): string[] {
  const tags = [];
  const { f, b, s, ST } = aliases === undefined ? fields : { ...fields, ...aliases };
  const gateway = frontend ?? f;
  if (typeof gateway === "string") tags.push(`gateways:${gateway}`);
  if (typeof b === "string") tags.push(`backends:${b}`);
  if (typeof b === "string" && typeof s === "string" && s !== NO_SERVER) tags.push(`servers:${b}/${s}`);
  if (typeof ST === "number" && ST >= 100) tags.push(`status:${Math.floor(ST / 100)}xx`);
  return tags.length > 0 ? tags : [`format:${format}`];
}

const tagsOfRejection = ({ syslog }: Rejection): string[] => {
  const host = syslog.hostname;
  return typeof host === "string" ? ["format:unparsed", `hosts:${host}`] : ["format:unparsed"];
};

type Value = Record<string, unknown>;

/** Filled member by member: with spreads an event takes twice as long as its line to be read. */
function toValue(line: LogLine, parsed: ParsedLine, clock: ClockFault | undefined): Value {
  const value: Value = {};
  if ("record" in parsed) addRecord(value, parsed.record);
  else addRejection(value, parsed.rejected);
  if (clock !== undefined) value.clock = clock;
  value.source = line.source;
  value.zone = line.zone;
  if ("line" in line) value.line = line.line;
  else value.b64 = line.b64;
  return value;
}

function addRecord(value: Value, record: HaproxyRecord): void {
  const { format, fields, aliases, frontend, tls, decoded, truncated, partial, logasap, redispatched, syslog } = record;
  if (aliases !== undefined) addFields(value, aliases);
  addFields(value, fields);
  value.format = format;
  if (frontend !== undefined) {
    addText(value, "frontend", frontend);
    value.tls = tls;
  }
  if (decoded !== undefined) addRequest(value, decoded);
  if (logasap) value.logasap = logasap;
  if (redispatched) value.redispatched = redispatched;
  if (truncated) {
    value.truncated = truncated;
    value.partial = partial;
  }
  value.syslog = syslog;
}

function addFields(value: Value, fields: HaproxyRecord["fields"]): void {
  for (const printed in fields) {
    const field = fields[printed] as FieldValue;
    if (!fitsField(printed, field)) continue;
    const name = isHaproxyField(printed) ? printed : indexNameOf(printed);
    if (Array.isArray(field)) addTexts(value, name, field);
    else addText(value, name, field as Text);
  }
}

const isHaproxyField = (name: string): name is keyof typeof HAPROXY_FIELDS => Object.hasOwn(HAPROXY_FIELDS, name);

/** A number that HAProxy printed as `-`, and headers it captured none of, are left out: their fields are typed. */
const fitsField = (name: string, value: unknown): boolean =>
  value !== null && !(value === "-" && isHaproxyField(name) && HAPROXY_FIELDS[name] !== "keyword");

/** The version is given for HTTP/2 as well, where `capture.req.ver`, and so `decoded`, knows 1.0 and 1.1 only. */
function addRequest(value: Value, { method, uri, version, request_headers, response_headers }: DecodedRequest): void {
  const later = version === null && typeof uri === "string" ? / (HTTP\/\d(?:\.\d)?)$/.exec(uri) : null;
  if (method !== undefined) addText(value, "method", method);
  if (uri !== undefined) addText(value, "uri", later === null ? uri : (uri as string).slice(0, later.index));
  if (version != null) value.version = version;
  else if (later !== null) value.version = later[1];
  if (request_headers !== undefined) value.request_headers = request_headers;
  if (response_headers !== undefined) value.response_headers = response_headers;
}

function addRejection(value: Value, { reason, syslog, truncated }: Rejection): void {
  value.format = "unparsed";
  value.reason = reason;
  if (truncated) value.truncated = truncated;
  value.syslog = syslog;
}

/** Bytes that are not UTF-8 go under a name of their own, so that a text field only ever holds text. */
function addText(value: Value, name: string, text: Text): void {
  if (isBase64(text)) value[`${name}_b64`] = text.b64;
  else value[name] = text;
}

/** A list of texts; of which one is not UTF-8, all in Base64, so that each keeps its place. */
function addTexts(value: Value, name: string, texts: readonly Text[]): void {
  if (texts.some(isBase64)) value[`${name}_b64`] = texts.map(toBase64);
  else value[name] = texts;
}

const toBase64 = (text: Text): string => (isBase64(text) ? text.b64 : Buffer.from(text).toString("base64"));

const isBase64 = (text: unknown): text is { readonly b64: string } =>
  typeof text === "object" && text !== null && "b64" in text;
