import { Fragment } from "#core/byte-page.ts";
import type { Event } from "#core/events/event.ts";
import type { JournalEntry, JournalPoint } from "#core/events/event-journal.ts";
import { printUtc } from "#core/events/time/utc-text.ts";
import { declaredMembers } from "#core/events/types/declared-members.ts";
import { type DeclaredFields, type FieldKind, isOfKind, scalarsOf } from "#core/events/types/event-types.ts";
import { valueNumbers } from "#core/events/values/value-numbers.ts";
import { HEAD_BYTES, ID_BYTES, WrittenEvent } from "#core/events/written-event.ts";
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
 * Writes the two lines of a bulk that create the event's document in the index. The value's text goes in as it is.
 * Where its shape says that it prints as it parses, and that each declared field is of its kind, it is the document's
 * `fields`; members that are not declared lie there too, and the engine passes over them.
 */
export function writeBulkLines(into: Documents, placed: PlacedEntry): void {
  const { index, entry, fields } = placed;
  const { event, point, shape } = entry;
  const isFields = shape !== undefined && fields !== undefined && shape.fits(fields);
  if (isFields && event instanceof WrittenEvent) {
    copyBulkLines(into, index, event, point);
    return;
  }
  const { id, timestamp, value } = event;
  into.add(actionOf(index));
  into.addTwice(id, DOCUMENT);
  if (shape === undefined) into.addText(typeAndTags(event));
  else into.add(recentTypeAndTags(event));
  if (IN_UTC.test(timestamp)) into.addTwice(timestamp, TIMESTAMP_TEXT);
  else into.addText(`${printUtc(event.timestampMs)}","timestampText":${JSON.stringify(timestamp).slice(0, -1)}`);
  into.add(placeOf(event, point));
  if (point !== undefined) into.addAscii(point.seq);
  if (value === undefined) into.add(END);
  else if (isFields) {
    into.add(VALUE_AS_FIELDS);
    into.addText(value);
    into.add(END_OF_VALUE);
  } else into.addText(`","value":${JSON.stringify(value)}${columns(value, fields)}}\n`);
}

/** The same of an event that is written already. */
function copyBulkLines(into: Documents, index: string, event: WrittenEvent, point: JournalPoint | undefined): void {
  const { page, at, end } = event;
  const timestampAt = at + ID_BYTES;
  const valueAt = at + HEAD_BYTES;
  into.add(actionOf(index));
  into.addFrom(page, at, timestampAt);
  into.add(DOCUMENT);
  into.addFrom(page, at, timestampAt);
  into.add(recentTypeAndTags(event));
  into.addFrom(page, timestampAt, valueAt);
  into.add(TIMESTAMP_TEXT);
  into.addFrom(page, timestampAt, valueAt);
  into.add(placeOf(event, point));
  if (point !== undefined) into.addAscii(point.seq);
  into.add(VALUE_AS_FIELDS);
  into.addFrom(page, valueAt, end);
  into.add(END_OF_VALUE);
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

const DOCUMENT = new Fragment('"}}\n{"id":"');
const TIMESTAMP_TEXT = new Fragment('","timestampText":"');
const VALUE_AS_FIELDS = new Fragment(`","${FIELDS}":`);
const END_OF_VALUE = new Fragment("}\n");
const END = new Fragment('"}\n');

let recentAction = { index: "", text: new Fragment("") };

/** A batch goes to few indices. */
function actionOf(index: string): Fragment {
  if (recentAction.index !== index)
    recentAction = { index, text: new Fragment(`{"create":{"_index":"${index}","_id":"`) };
  return recentAction.text;
}

/** 2026-01-31T10:00:00.000Z, what Date would print: not a leap second, which it would print as the next. */
const IN_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d\.\d{3}Z$/;

const typeAndTags = ({ type, tags }: Event): string =>
  `","type":"${type}","tags":${JSON.stringify(tags)},"timestamp":"`;

const known = new WeakMap<readonly string[], { readonly type: string; readonly text: Fragment }>();

/** The tags of log lines are the same arrays again and again. */
function recentTypeAndTags(event: Event): Fragment {
  const { type, tags } = event;
  const held = known.get(tags);
  if (held?.type === type) return held.text;
  const text = new Fragment(typeAndTags(event));
  known.set(tags, { type, text });
  return text;
}

let recentPlace = { ms: Number.NaN, shard: undefined as string | undefined, text: new Fragment("") };

/**
 * When it was received, and where it lies in the journal, up to its `seq`: events of a batch were accepted together.
 */
function placeOf({ receivedAtMs: ms }: Event, point: JournalPoint | undefined): Fragment {
  const shard = point?.shard;
  if (recentPlace.ms === ms && recentPlace.shard === shard) return recentPlace.text;
  const place = shard === undefined ? "" : `","shard":${JSON.stringify(shard)},"seq":"`;
  recentPlace = { ms, shard, text: new Fragment(`","receivedAt":"${printUtc(ms)}${place}`) };
  return recentPlace.text;
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
