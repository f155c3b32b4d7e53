import { declaredMembers } from "#core/events/declared-members.ts";
import type { Event } from "#core/events/event.ts";
import type { JournalEntry, JournalPoint } from "#core/events/event-journal.ts";
import { type DeclaredFields, type FieldKind, isOfKind, scalarsOf } from "#core/events/event-types.ts";
import { printUtc } from "#core/events/utc-text.ts";
import { valueNumbers } from "#core/events/value-numbers.ts";
import { FIELDS } from "./index-templates.ts";

/** An event as stored; what only the engine reads (`number`, `leaves`) is left out here. */
export interface EventDocument {
  readonly id: string;
  readonly type: string;
  readonly tags: readonly string[];
  readonly timestamp: string;
  readonly timestampText: string;
  readonly receivedAt: string;
  /** Absent also where `fields` is the value. */
  readonly value?: string;
  readonly fields?: object;
  readonly shard?: string;
  readonly seq?: string;
}

/**
 * The two lines of a bulk that create the event's document in the index. Written out by hand: the value's text goes in as
 * one string, and nothing of it is printed anew. Where it is known that a value prints as it parses, and that each of its
 * declared fields is of its kind, its text is the document's `fields`: the engine passes over what is not declared.
 */
export function toBulkLines(index: string, { event, point, shape }: JournalEntry, fields?: DeclaredFields): string {
  const { id, timestamp, value } = event;
  const isUtc = IN_UTC.test(timestamp);
  const document =
    `{"create":{"_index":"${index}","_id":"${id}"}}\n{"id":"${id}` +
    `${shape === undefined ? typeAndTags(event) : recentTypeAndTags(event)}${isUtc ? timestamp : printUtc(event.timestampMs)}` +
    `","timestampText":${isUtc ? `"${timestamp}"` : JSON.stringify(timestamp)}${place(event, point)}`;
  if (value === undefined) return `${document}}\n`;
  if (shape !== undefined && fields !== undefined && shape.fits(fields)) return `${document},"${FIELDS}":${value}}\n`;
  return `${document},"value":${JSON.stringify(value)}${columns(value, fields)}}\n`;
}

/** 2026-01-31T10:00:00.000Z, what Date would print: not a leap second, which it would print as the next. */
const IN_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d\.\d{3}Z$/;

const typeAndTags = ({ type, tags }: Event): string =>
  `","type":"${type}","tags":${JSON.stringify(tags)},"timestamp":"`;

const known = new WeakMap<readonly string[], { readonly type: string; readonly text: string }>();

/** The tags of log lines are the same arrays again and again. */
function recentTypeAndTags(event: Event): string {
  const { type, tags } = event;
  const held = known.get(tags);
  if (held?.type === type) return held.text;
  const text = typeAndTags(event);
  known.set(tags, { type, text });
  return text;
}

let recent = { ms: Number.NaN, shard: "", text: "" };

/** When it was received, and where it lies in the journal: events of a batch were accepted together. */
function place({ receivedAtMs: ms }: Event, point: JournalPoint | undefined): string {
  if (point === undefined) return `,"receivedAt":"${printUtc(ms)}"`;
  const { shard, seq } = point;
  if (recent.ms !== ms || recent.shard !== shard)
    recent = { ms, shard, text: `,"receivedAt":"${printUtc(ms)}","shard":${JSON.stringify(shard)},"seq":"` };
  return `${recent.text}${seq}"`;
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
  const { id, type, tags, timestamp, timestampText, receivedAt, fields } = document;
  const value = document.value ?? (fields && JSON.stringify(fields));
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
