import { indexNameOf } from "#core/haproxy/log-format/index-fields.ts";
import { HAPROXY_FIELDS } from "#core/haproxy/logs/fields.ts";
import type { ClockFault } from "#core/haproxy/logs/line-clock.ts";
import type { LogLine } from "#core/haproxy/logs/log-record.ts";
import { type EventValue, ValueMembers } from "#core/haproxy/logs/value-members.ts";
import type { DecodedRequest, FieldValue, HaproxyRecord, ParsedLine, Rejection } from "#core/haproxy/parser/record.ts";
import type { Text } from "#core/haproxy/parser/text.ts";
import type { SyslogHeader } from "#core/haproxy/syslog/read-syslog.ts";

/**
 * HAProxy's names at the top, then what was made of them, and the line itself as `line` (`b64` when it is not UTF-8):
 * what any line's event has, be it a record or not. (`compiled/` writes the same of ordinary lines, and faster.)
 */
export function toEventValue(line: LogLine, parsed: ParsedLine, clock: ClockFault | undefined): EventValue {
  const value = new ValueMembers();
  if ("record" in parsed) addRecord(value, parsed.record);
  else addRejection(value, parsed.rejected);
  if (clock !== undefined) value.addText("clock", clock);
  value.addText("source", line.source);
  value.addText("zone", line.zone);
  if ("line" in line) value.addText("line", line.line);
  else value.addText("b64", line.b64);
  return value.end();
}

function addRecord(value: ValueMembers, record: HaproxyRecord): void {
  const { format, fields, aliases, frontend, tls, decoded, truncated, partial, logasap, redispatched, syslog } = record;
  if (aliases !== undefined) addFields(value, aliases);
  addFields(value, fields);
  value.addText("format", format);
  if (frontend !== undefined) addText(value, "frontend", frontend);
  if (tls !== undefined) value.addFlag("tls", tls);
  if (decoded !== undefined) addRequest(value, decoded);
  if (logasap) value.addFlag("logasap", logasap);
  if (redispatched) value.addFlag("redispatched", redispatched);
  if (truncated) value.addFlag("truncated", truncated);
  if (partial !== undefined) value.add("partial", "other", JSON.stringify(partial));
  addSyslog(value, syslog);
}

let recentSyslog: { readonly syslog: SyslogHeader; readonly json: string } = { syslog: {}, json: "{}" };

/** The lines of a second have it in common. */
function addSyslog(value: ValueMembers, syslog: SyslogHeader): void {
  if (recentSyslog.syslog !== syslog) recentSyslog = { syslog, json: JSON.stringify(syslog) };
  value.add("syslog", "other", recentSyslog.json);
}

function addFields(value: ValueMembers, fields: HaproxyRecord["fields"]): void {
  for (const printed in fields) {
    const field = fields[printed] as FieldValue;
    const { name, isText } = namedField(printed);
    if (field === null || (field === "-" && !isText)) continue;
    if (typeof field === "number") value.addNumber(name, field);
    else if (typeof field === "boolean") value.addFlag(name, field);
    else if (Array.isArray(field)) addTexts(value, name, field);
    else addText(value, name, field as Text);
  }
}

interface NamedField {
  /** In the value. */
  readonly name: string;
  /** A number that HAProxy printed as `-`, and headers it captured none of, are left out: their fields are typed. */
  readonly isText: boolean;
}

/** Names are those of formats. */
const MAX_NAMES = 4096;
const namedFields = new Map<string, NamedField>();

function namedField(printed: string): NamedField {
  const known = namedFields.get(printed);
  if (known !== undefined) return known;
  const named = isHaproxyField(printed)
    ? { name: printed, isText: HAPROXY_FIELDS[printed] === "keyword" }
    : { name: indexNameOf(printed), isText: true };
  if (namedFields.size === MAX_NAMES) namedFields.clear();
  namedFields.set(printed, named);
  return named;
}

const isHaproxyField = (name: string): name is keyof typeof HAPROXY_FIELDS => Object.hasOwn(HAPROXY_FIELDS, name);

/** The version is given for HTTP/2 as well, where `capture.req.ver`, and so `decoded`, knows 1.0 and 1.1 only. */
function addRequest(
  value: ValueMembers,
  { method, uri, version, request_headers, response_headers }: DecodedRequest,
): void {
  const later = version === null && typeof uri === "string" ? / (HTTP\/\d(?:\.\d)?)$/.exec(uri) : null;
  if (method !== undefined) addText(value, "method", method);
  if (uri !== undefined) addText(value, "uri", later === null ? uri : (uri as string).slice(0, later.index));
  if (version != null) value.addText("version", version);
  else if (later !== null) value.addText("version", later[1] as string);
  if (request_headers !== undefined) addHeaders(value, "request_headers", request_headers);
  if (response_headers !== undefined) addHeaders(value, "response_headers", response_headers);
}

function addHeaders(value: ValueMembers, name: string, headers: readonly (Text | null)[]): void {
  if (headers.some(isBase64)) value.add(name, "other", JSON.stringify(headers));
  else value.addTexts(name, headers as readonly (string | null)[]);
}

function addRejection(value: ValueMembers, { reason, syslog, truncated }: Rejection): void {
  value.addText("format", "unparsed");
  value.addText("reason", reason);
  if (truncated) value.addFlag("truncated", truncated);
  addSyslog(value, syslog);
}

/** Bytes that are not UTF-8 go under a name of their own, so that a text field only ever holds text. */
function addText(value: ValueMembers, name: string, text: Text): void {
  if (isBase64(text)) value.addText(`${name}_b64`, text.b64);
  else value.addText(name, text);
}

/** A list of texts; of which one is not UTF-8, all in Base64, so that each keeps its place. */
function addTexts(value: ValueMembers, name: string, texts: readonly Text[]): void {
  if (texts.some(isBase64)) value.addTexts(`${name}_b64`, texts.map(toBase64));
  else value.addTexts(name, texts as readonly string[]);
}

const toBase64 = (text: Text): string => (isBase64(text) ? text.b64 : Buffer.from(text).toString("base64"));

const isBase64 = (text: unknown): text is { readonly b64: string } =>
  typeof text === "object" && text !== null && "b64" in text;
