import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { heldValue } from "#stores/embedded/held-fields.ts";
import type { Names } from "#stores/embedded/names.ts";
import { addToSet } from "#stores/embedded/tag-sets.ts";

/*
 * Events are settled — put under their tags, into the sets and the fields — not when they are kept but when somebody
 * asks, or when this many wait. Together they share pages that each alone would have to write: one event at a time costs
 * a page for each of its tags.
 */
const MOST_UNSETTLED = 4096;

interface UnsettledRow {
  readonly seq: number;
  readonly id: Uint8Array;
  readonly ts: number;
  readonly type_tag_id: number;
  readonly block: number;
  readonly place: number;
  readonly tags: string;
  readonly value: string | null;
}

/** A member of a tag. */
interface Tagged extends UnsettledRow {
  readonly shelfId: number;
  readonly number: number | null;
}

const UNSETTLED = `
  SELECT seq, id, ts, type_tag_id, block, place, tags, value FROM event
  WHERE seq > (SELECT settled FROM store) ORDER BY seq`;

export function countUnsettled(database: EmbeddedDatabase): number {
  const sql = "SELECT coalesce((SELECT max(seq) FROM event) - settled, 0) AS count FROM store";
  return database.get<{ count: number }>(sql)?.count as number;
}

export const mustSettle = (database: EmbeddedDatabase): boolean => countUnsettled(database) >= MOST_UNSETTLED;

/** Makes what was kept findable. Must run in a transaction. */
export function settleEvents(database: EmbeddedDatabase, names: Names): void {
  const tagged = new Map<number, Tagged[]>();
  const numeric = new Map<number, Tagged[]>();
  const insertField = database.prepare(
    "INSERT INTO field (field_id, seq, place, repeated, held) VALUES (?, ?, ?, ?, ?)",
  );
  const rows = database.all<UnsettledRow>(UNSETTLED);
  for (const row of rows) {
    const { shelf } = names.typeOf(row.type_tag_id);
    const { number, fields } = heldValue(row.value ?? undefined, shelf.declaredFields);
    const event = { ...row, shelfId: shelf.shelfId, number };
    addTo(tagged, row.type_tag_id, event);
    for (const tag of new Set(JSON.parse(row.tags) as string[])) addTo(tagged, names.tagIdFor(shelf, tag), event);
    if (number !== null) addTo(numeric, shelf.numericTagId, event);
    for (const { path, place, repeated, held } of fields)
      insertField.run(names.fieldIdFor(shelf, path), row.seq, place, repeated ? 1 : 0, held);
  }
  insertTagged(database, tagged);
  insertIntoSets(database, tagged);
  insertIntoSets(database, numeric);
  database.run("UPDATE store SET settled = max(settled, coalesce((SELECT max(seq) FROM event), 0))");
}

function addTo<Key>(lists: Map<Key, Tagged[]>, key: Key, event: Tagged): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [event]);
  else list.push(event);
}

/** In the order of the table's key, so that neighbours are written together. */
function insertTagged(database: EmbeddedDatabase, tagged: ReadonlyMap<number, Tagged[]>): void {
  const insert = database.prepare("INSERT INTO tagged (tag_id, ts, id, seq, number) VALUES (?, ?, ?, ?, ?)");
  for (const [tagId, events] of [...tagged].sort(([one], [other]) => one - other))
    for (const { ts, id, seq, number } of events.sort((one, other) => one.ts - other.ts))
      insert.run(tagId, ts, id, seq, number);
}

function insertIntoSets(database: EmbeddedDatabase, tagged: ReadonlyMap<number, Tagged[]>): void {
  for (const [tagId, events] of tagged) {
    const byBlock = new Map<number, Tagged[]>();
    for (const event of events) addTo(byBlock, event.block, event);
    for (const [block, members] of byBlock) {
      const { shelfId } = members[0] as Tagged;
      const places = members.map(({ place }) => place);
      addToSet(database, [shelfId, block, tagId], places);
    }
  }
}
