import { declaredMembers } from "#core/events/declared-members.ts";
import type { Event } from "#core/events/event.ts";
import type { JournalEntry, JournalPoint } from "#core/events/event-journal.ts";
import { type DeclaredFields, type FieldKind, isOfKind, scalarsOf } from "#core/events/event-types.ts";
import { printUtc } from "#core/events/utc-text.ts";
import { valueNumbers } from "#core/events/value-numbers.ts";
import { Documents } from "./documents.ts";
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

/** An entry, and where its document goes. */
export interface PlacedEntry {
  readonly index: string;
  readonly entry: JournalEntry;
  /** Those that the event's type declares. */
  readonly fields: DeclaredFields | undefined;
}

/**
 * Writes the two lines of a bulk that create the event's document in the index. What many documents have in common is at
 * hand as bytes, and the value's text goes in as it is: nothing of it is printed anew. Where it is known that a value prints
 * as it parses, and that each of its declared fields is of its kind, its text is the document's `fields`: the engine passes
 * over what is not declared.
 */
export function writeBulkLines(into: Documents, { index, entry: { event, point, shape }, fields }: PlacedEntry): void {
  const { id, timestamp, value } = event;
  into.addBytes(actionOf(index));
  into.addTwice(id, DOCUMENT);
  into.addBytes(shape === undefined ? bytesOf(typeAndTags(event)) : recentTypeAndTags(event));
  if (IN_UTC.test(timestamp)) into.addTwice(timestamp, TIMESTAMP_TEXT);
  else into.addText(`${printUtc(event.timestampMs)}","timestampText":${JSON.stringify(timestamp).slice(0, -1)}`);
  into.addBytes(placeOf(event, point));
  if (point !== undefined) into.addText(point.seq);
  if (value === undefined) into.addBytes(END);
  else if (shape !== undefined && fields !== undefined && shape.fits(fields)) {
    into.addBytes(VALUE_AS_FIELDS);
    into.addText(value);
    into.addBytes(END_OF_VALUE);
  } else into.addText(`","value":${JSON.stringify(value)}${columns(value, fields)}}\n`);
}

/** The same lines as text. */
export function toBulkLines(index: string, entry: JournalEntry, fields?: DeclaredFields): string {
  const documents = new Documents();
  writeBulkLines(documents, { index, entry, fields });
  documents.end();
  const lines = documents.bodyOf().toString();
  documents.release();
  return lines;
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text);

const DOCUMENT = bytesOf('"}}\n{"id":"');
const TIMESTAMP_TEXT = bytesOf('","timestampText":"');
const VALUE_AS_FIELDS = bytesOf(`","${FIELDS}":`);
const END_OF_VALUE = bytesOf("}\n");
const END = bytesOf('"}\n');

let recentAction = { index: "", bytes: bytesOf("") };

/** A batch goes to few indices. */
function actionOf(index: string): Uint8Array {
  if (recentAction.index !== index) recentAction = { index, bytes: bytesOf(`{"create":{"_index":"${index}","_id":"`) };
  return recentAction.bytes;
}

/** 2026-01-31T10:00:00.000Z, what Date would print: not a leap second, which it would print as the next. */
const IN_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d\.\d{3}Z$/;

const typeAndTags = ({ type, tags }: Event): string =>
  `","type":"${type}","tags":${JSON.stringify(tags)},"timestamp":"`;

const known = new WeakMap<readonly string[], { readonly type: string; readonly bytes: Uint8Array }>();

/** The tags of log lines are the same arrays again and again. */
function recentTypeAndTags(event: Event): Uint8Array {
  const { type, tags } = event;
  const held = known.get(tags);
  if (held?.type === type) return held.bytes;
  const bytes = bytesOf(typeAndTags(event));
  known.set(tags, { type, bytes });
  return bytes;
}

let recentPlace = { ms: Number.NaN, shard: undefined as string | undefined, bytes: bytesOf("") };

/** When it was received, and where it lies in the journal, up to its `seq`: events of a batch were accepted together. */
function placeOf({ receivedAtMs: ms }: Event, point: JournalPoint | undefined): Uint8Array {
  const shard = point?.shard;
  if (recentPlace.ms === ms && recentPlace.shard === shard) return recentPlace.bytes;
  const place = shard === undefined ? "" : `","shard":${JSON.stringify(shard)},"seq":"`;
  recentPlace = { ms, shard, bytes: bytesOf(`","receivedAt":"${printUtc(ms)}${place}`) };
  return recentPlace.bytes;
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
