import { type MemberKind, ValueShape } from "#core/events/value-shape.ts";
import { indexNameOf } from "#core/haproxy/log-format/index-fields.ts";
import { HAPROXY_FIELDS } from "#core/haproxy/logs/fields.ts";
import type { ClockFault } from "#core/haproxy/logs/line-clock.ts";
import type { LogLine } from "#core/haproxy/logs/log-record.ts";
import type { DecodedRequest, FieldValue, HaproxyRecord, ParsedLine, Rejection } from "#core/haproxy/parser/record.ts";
import type { Text } from "#core/haproxy/parser/text.ts";

type Value = Record<string, unknown>;

/** The value of a line's event, and what it is made of. */
export interface EventValue {
  readonly text: string;
  readonly shape: ValueShape;
}

/**
 * HAProxy's names at the top, then what was made of them, and the line itself as `line` (`b64` when it is not UTF-8): what
 * any line's event has, be it a record or not. (`compiled/` writes the same of ordinary lines, and faster.)
 */
export function toEventValue(line: LogLine, parsed: ParsedLine, clock: ClockFault | undefined): EventValue {
  const value = toValue(line, parsed, clock);
  return { text: JSON.stringify(value), shape: new ValueShape(kindsOf(value)) };
}

function kindsOf(value: Value): Record<string, MemberKind> {
  const kinds: Record<string, MemberKind> = {};
  for (const name in value) {
    const kind = kindOf(value[name]);
    if (kind !== undefined) kinds[name] = kind;
  }
  return kinds;
}

function kindOf(member: unknown): MemberKind | undefined {
  switch (typeof member) {
    case "string":
      return "text";
    case "boolean":
      return "boolean";
    case "number":
      return Number.isSafeInteger(member) ? "integer" : "number";
    case "undefined":
      return undefined;
    default:
      return Array.isArray(member) && member.every((one) => typeof one === "string") ? "texts" : "other";
  }
}

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
