import type { Event } from "#core/events/event.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/event-types.ts";
import { expandTags } from "#core/events/tags.ts";
import { HAPROXY_FIELDS } from "#core/haproxy/fields.ts";
import type { DecodedRequest, HaproxyRecord, ParsedLine, Rejection } from "#core/haproxy/record.ts";
import { latin1Of, type Text, textOf } from "#core/haproxy/text.ts";

/** A line as a gateway's forwarder or the syslog listener hands it in. */
export interface ReceivedLine {
  readonly id: string;
  readonly namespace: string;
  readonly receivedAtMs: number;
  readonly line: Uint8Array | string;
}

const MAX_TAG_LENGTH = 512;
const NO_SERVER = "<NOSRV>";

/**
 * The event of a line, be it a record or not. Its value has HAProxy's names at the top, then what was made of them, and the
 * line itself as `line` (`b64` when it is not UTF-8). Its timestamp is the line's instant, else the time it was received.
 */
export function toHaproxyEvent({ id, namespace, receivedAtMs, line }: ReceivedLine, parsed: ParsedLine): Event {
  const isRecord = "record" in parsed;
  const timestampMs = (isRecord ? parsed.record.time_ms : undefined) ?? receivedAtMs;
  const value = isRecord ? flattenRecord(parsed.record) : flattenRejection(parsed.rejected);
  const tags = isRecord ? tagsOf(parsed.record) : tagsOfRejection(parsed.rejected);
  return {
    id,
    namespace,
    type: HAPROXY_EVENT_TYPE,
    tags: expandTags(tags.filter(isTag)),
    value: JSON.stringify({ ...value, ...named("line", textOf(latin1Of(line).replace(/\n$/, ""))) }),
    timestamp: new Date(timestampMs).toISOString(),
    timestampMs,
    receivedAtMs,
  };
}

const isTag = (tag: string): boolean => tag.length <= MAX_TAG_LENGTH && !tag.endsWith(":");

function tagsOf({ fields, frontend, format }: HaproxyRecord): string[] {
  const tags = [];
  const gateway = frontend ?? fields.f;
  const { b, s, ST } = fields;
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

function flattenRecord(record: HaproxyRecord): Record<string, unknown> {
  const { format, fields, frontend, tls, decoded, truncated, partial, logasap, redispatched, syslog } = record;
  const flat: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (fitsField(name, value)) Object.assign(flat, named(name, value as Text));
  }
  return {
    ...flat,
    format,
    ...(frontend !== undefined && { ...named("frontend", frontend), tls }),
    ...(decoded && flattenRequest(decoded)),
    ...(logasap && { logasap }),
    ...(redispatched && { redispatched }),
    ...(truncated && { truncated, partial }),
    syslog,
  };
}

/** A number that HAProxy printed as `-`, and headers it captured none of, are left out: their fields are typed. */
const fitsField = (name: string, value: unknown): boolean =>
  value !== null && !(value === "-" && HAPROXY_FIELDS[name as keyof typeof HAPROXY_FIELDS] !== "keyword");

/** The version is given for HTTP/2 as well, where `capture.req.ver`, and so `decoded`, knows 1.0 and 1.1 only. */
function flattenRequest({ method, uri, version, request_headers, response_headers }: DecodedRequest) {
  const later = version === null && typeof uri === "string" ? / (HTTP\/\d(?:\.\d)?)$/.exec(uri) : null;
  return {
    ...(method !== undefined && named("method", method)),
    ...(uri !== undefined && named("uri", later === null ? uri : (uri as string).slice(0, later.index))),
    ...(version != null && { version }),
    ...(later !== null && { version: later[1] }),
    ...(request_headers && { request_headers }),
    ...(response_headers && { response_headers }),
  };
}

const flattenRejection = ({ reason, syslog, truncated }: Rejection): Record<string, unknown> => ({
  format: "unparsed",
  reason,
  ...(truncated && { truncated }),
  syslog,
});

/** Bytes that are not UTF-8 go under a name of their own, so that a text field only ever holds text. */
const named = (name: string, text: Text): Record<string, Text> =>
  isBase64(text) ? { [name === "line" ? "b64" : `${name}_b64`]: text.b64 } : { [name]: text };

const isBase64 = (text: unknown): text is { readonly b64: string } =>
  typeof text === "object" && text !== null && "b64" in text;
