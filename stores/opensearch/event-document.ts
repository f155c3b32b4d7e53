import { declaredMembers } from "#core/events/declared-members.ts";
import type { Event } from "#core/events/event.ts";
import type { JournalEntry, JournalPoint } from "#core/events/event-journal.ts";
import { type DeclaredFields, type FieldKind, isOfKind, scalarsOf } from "#core/events/event-types.ts";
import { valueNumbers } from "#core/events/value-numbers.ts";
import { FIELDS } from "./index-templates.ts";

/** An event as stored; what only the engine reads (`number`, `leaves`, declared fields) is left out here. */
export interface EventDocument {
  readonly id: string;
  readonly type: string;
  readonly tags: readonly string[];
  readonly timestamp: string;
  readonly timestampText: string;
  readonly receivedAt: string;
  readonly value?: string;
  readonly shard?: string;
  readonly seq?: string;
}

/**
 * The two lines of a bulk that create the event's document in the index. Written out by hand: the value's text goes in as
 * one string, and nothing of it is printed anew.
 */
export function toBulkLines(index: string, { event, point }: JournalEntry, fields: DeclaredFields | undefined): string {
  let document =
    `{"id":"${event.id}","type":"${event.type}","tags":${JSON.stringify(event.tags)}` +
    `,"timestamp":"${toUtc(event)}","timestampText":${JSON.stringify(event.timestamp)}` +
    `,"receivedAt":"${toRecentUtc(event.receivedAtMs)}"`;
  if (point !== undefined) document += `,"shard":${JSON.stringify(point.shard)},"seq":"${point.seq}"`;
  if (event.value !== undefined) document += `,"value":${JSON.stringify(event.value)}${columns(event.value, fields)}`;
  return `{"create":{"_index":"${index}","_id":"${event.id}"}}\n${document}}\n`;
}

/** 2026-01-31T10:00:00.000Z, what Date would print: not a leap second, which it would print as the next. */
const IN_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d\.\d{3}Z$/;

/** Most timestamps are in that form already; to print one costs as much as the rest of a document. */
const toUtc = ({ timestamp, timestampMs }: Event): string =>
  IN_UTC.test(timestamp) ? timestamp : new Date(timestampMs).toISOString();

let recent = { ms: 0, text: new Date(0).toISOString() };

/** Events of a batch were accepted together. */
function toRecentUtc(ms: number): string {
  if (recent.ms !== ms) recent = { ms, text: new Date(ms).toISOString() };
  return recent.text;
}

/** What of the value the engine can aggregate and compare. */
function columns(value: string, fields: DeclaredFields | undefined): string {
  if (fields !== undefined && value.startsWith("{"))
    return `,"${FIELDS}":${JSON.stringify(declaredFields(JSON.parse(value), fields))}`;
  const { number, leaves } = valueNumbers(value);
  if (number !== undefined) return `,"number":${number}`;
  return leaves.length === 0 || fields !== undefined ? "" : `,"leaves":${JSON.stringify(leaves)}`;
}

/** The declared members that are of their kind; another's text would be read as a number, or refuse the document. */
function declaredFields(value: Readonly<Record<string, unknown>>, fields: DeclaredFields): Record<string, unknown> {
  const held: Record<string, unknown> = {};
  for (const [field, member] of declaredMembers(value, fields)) {
    const kind = fields[field] as FieldKind;
    if (Array.isArray(member)) held[field] = scalarsOf(kind, member);
    else if (isOfKind(kind, member)) held[field] = member;
  }
  return held;
}

export function fromDocument(namespace: string, document: EventDocument): Event {
  const { id, type, tags, timestamp, timestampText, receivedAt, value } = document;
  return {
    id,
    namespace,
    type,
    tags,
    ...(value !== undefined && { value }),
    timestamp: timestampText,
    timestampMs: Date.parse(timestamp),
    receivedAtMs: Date.parse(receivedAt),
  };
}

/** A document that has a place in the journal, as an entry of it. */
export const toEntry = (
  namespace: string,
  document: EventDocument,
): JournalEntry & { readonly point: JournalPoint } => ({
  event: fromDocument(namespace, document),
  point: { shard: document.shard as string, seq: document.seq as string },
});
