import type { JournalEntry } from "#core/events/event-journal.ts";
import type { Kept } from "#core/events/event-store.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { isId, toIdBytes, toPoint } from "#stores/embedded/event-row.ts";
import { type HeldField, type HeldValue, heldValue } from "#stores/embedded/held-fields.ts";
import { EVERY_EVENT, type Names, NUMERIC_EVENTS, type StoredType } from "#stores/embedded/names.ts";
import { addToSet, bitOf, blockOf, sliceOf } from "#stores/embedded/tag-sets.ts";

const KEPT: Kept = { kept: true };

/** An event new to the store, with what its rows in the other tables need. */
interface NewEvent {
  readonly seq: number;
  readonly id: Uint8Array;
  readonly ts: number;
  readonly number: number | null;
  readonly block: number;
  readonly bit: number;
}

/** Keeps each entry once. Must run in a transaction. */
export function keepEvents(database: EmbeddedDatabase, names: Names, entries: readonly JournalEntry[]): Kept[] {
  const slices = new Slices(database);
  const events: NewEvent[] = [];
  const tagged = new Map<number, NewEvent[]>();
  const numeric = new Map<number, NewEvent[]>();

  const answers = entries.map((entry): Kept => {
    const { event } = entry;
    if (!isId(event.id)) return { refused: `the id ${JSON.stringify(event.id)} is not a UUID in lower case` };
    const type = names.typeFor(event.namespace, event.type);
    const value = readValue(event.value, type);
    if (value === undefined) return { refused: "the value is not JSON" };

    const slice = slices.of(type.typeId, event.timestampMs);
    const id = toIdBytes(event.id);
    const seq = insertEvent(database, type.typeId, slice.places, id, entry);
    if (seq === undefined) return KEPT;
    const place = slices.take(slice, event.timestampMs);
    const block = blockOf(slice.slice, place);
    const kept = { seq, id, ts: event.timestampMs, number: value.number, block, bit: bitOf(place) };

    events.push(kept);
    addTo(tagged, names.tagIdFor(type.typeId, EVERY_EVENT), kept);
    for (const tag of new Set(event.tags)) addTo(tagged, names.tagIdFor(type.typeId, tag), kept);
    if (value.number !== null) addTo(numeric, names.tagIdFor(type.typeId, NUMERIC_EVENTS), kept);
    insertFields(database, names, type.typeId, seq, value.fields);
    return KEPT;
  });

  insertTagged(database, tagged);
  for (const sets of [tagged, numeric]) for (const [tagId, members] of sets) insertIntoSets(database, tagId, members);
  slices.save();
  return answers;
}

function readValue(value: string | undefined, type: StoredType): HeldValue | undefined {
  try {
    return heldValue(value, type.declaredFields);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const INSERT_EVENT = `
  INSERT INTO event (id, namespace, type_id, ts, received, place, shard, point, timestamp, tags, key, value)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;

/** The new row's number, or undefined where the event was kept before. */
function insertEvent(
  database: EmbeddedDatabase,
  typeId: number,
  place: number,
  id: Uint8Array,
  { event, point }: JournalEntry,
): number | undefined {
  const { changes, rowId } = database.run(
    INSERT_EVENT,
    id,
    event.namespace,
    typeId,
    event.timestampMs,
    event.receivedAtMs,
    place,
    point?.shard ?? null,
    point === undefined ? null : toPoint(point.seq),
    event.timestamp,
    JSON.stringify(event.tags),
    event.key ?? null,
    event.value ?? null,
  );
  return changes === 1 ? rowId : undefined;
}

function addTo(sets: Map<number, NewEvent[]>, tagId: number, event: NewEvent): void {
  const members = sets.get(tagId);
  if (members === undefined) sets.set(tagId, [event]);
  else members.push(event);
}

/** In the order of the table's key, so that neighbours are written together. */
function insertTagged(database: EmbeddedDatabase, tagged: ReadonlyMap<number, NewEvent[]>): void {
  const insert = database.prepare("INSERT INTO tagged (tag_id, ts, id, seq, number) VALUES (?, ?, ?, ?, ?)");
  for (const tagId of [...tagged.keys()].sort((one, other) => one - other))
    for (const { ts, id, seq, number } of tagged.get(tagId) as NewEvent[]) insert.run(tagId, ts, id, seq, number);
}

function insertIntoSets(database: EmbeddedDatabase, tagId: number, members: readonly NewEvent[]): void {
  const blocks = new Map<number, number[]>();
  for (const { block, bit } of members) {
    const bits = blocks.get(block);
    if (bits === undefined) blocks.set(block, [bit]);
    else bits.push(bit);
  }
  for (const [block, bits] of blocks) addToSet(database, tagId, block, bits);
}

function insertFields(
  database: EmbeddedDatabase,
  names: Names,
  typeId: number,
  seq: number,
  fields: readonly HeldField[],
): void {
  if (fields.length === 0) return;
  const insert = database.prepare("INSERT INTO field (field_id, seq, place, repeated, held) VALUES (?, ?, ?, ?, ?)");
  for (const { path, place, repeated, held } of fields)
    insert.run(names.fieldIdFor(typeId, path), seq, place, repeated ? 1 : 0, held);
}

interface Slice {
  readonly typeId: number;
  readonly slice: number;
  places: number;
  oldest: number;
  newest: number;
}

/** The slices that a batch touches, read once and written once. */
class Slices {
  readonly #database: EmbeddedDatabase;
  readonly #touched = new Map<string, Slice>();

  constructor(database: EmbeddedDatabase) {
    this.#database = database;
  }

  of(typeId: number, ts: number): Slice {
    const slice = sliceOf(ts);
    const key = `${typeId} ${slice}`;
    let touched = this.#touched.get(key);
    if (touched === undefined) {
      const sql = "SELECT type_id AS typeId, slice, places, oldest, newest FROM slice WHERE type_id = ? AND slice = ?";
      touched = this.#database.get<Slice>(sql, typeId, slice) ?? { typeId, slice, places: 0, oldest: ts, newest: ts };
      this.#touched.set(key, touched);
    }
    return touched;
  }

  /** The next place of the slice, for an event of that time. */
  take(slice: Slice, ts: number): number {
    slice.oldest = Math.min(slice.oldest, ts);
    slice.newest = Math.max(slice.newest, ts);
    return slice.places++;
  }

  save(): void {
    const sql = "INSERT OR REPLACE INTO slice (type_id, slice, places, oldest, newest) VALUES (?, ?, ?, ?, ?)";
    for (const { typeId, slice, places, oldest, newest } of this.#touched.values())
      this.#database.run(sql, typeId, slice, places, oldest, newest);
  }
}
