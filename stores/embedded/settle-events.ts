import type { SQLInputValue } from "node:sqlite";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { heldValue } from "#stores/embedded/held-fields.ts";
import type { Names } from "#stores/embedded/names.ts";
import { addToSet } from "#stores/embedded/tag-sets.ts";

/*
 * Events are settled (put under their tags, into the sets and the fields) not when they are kept but when somebody
 * asks, or when this many wait. Together they share pages that each alone would have to write: one event at a time
 * costs a page for each of its tags.
 */
const MOST_UNSETTLED = 4096;

/** An event to be settled, as its row says, and then what is found out about it. */
interface Unsettled {
  readonly seq: number;
  readonly id: Uint8Array;
  readonly ts: number;
  readonly typeTagId: number;
  readonly block: number;
  readonly place: number;
  readonly tags: string;
  readonly value: string | null;
  shelfId: number;
  number: number | null;
}

const UNSETTLED = `
  SELECT seq, id, ts, type_tag_id AS typeTagId, block, place, tags, value, 0 AS shelfId, NULL AS number FROM event
  WHERE seq > (SELECT settled FROM store) ORDER BY seq`;

export function countUnsettled(database: EmbeddedDatabase): number {
  const sql = "SELECT coalesce((SELECT max(seq) FROM event) - settled, 0) AS count FROM store";
  return database.get<{ count: number }>(sql)?.count as number;
}

export const mustSettle = (database: EmbeddedDatabase): boolean => countUnsettled(database) >= MOST_UNSETTLED;

/** Makes what was kept findable. Must run in a transaction. */
export function settleEvents(database: EmbeddedDatabase, names: Names): void {
  const tagged = new Map<number, Unsettled[]>();
  const numeric = new Map<number, Unsettled[]>();
  const fieldValues: SQLInputValue[] = [];
  for (const event of database.all<Unsettled>(UNSETTLED)) {
    const { shelf } = names.typeOf(event.typeTagId);
    const { number, fields } = heldValue(event.value ?? undefined, shelf.declaredFields);
    event.shelfId = shelf.shelfId;
    event.number = number;
    addTo(tagged, event.typeTagId, event);
    for (const tag of new Set(JSON.parse(event.tags) as string[])) addTo(tagged, names.tagIdFor(shelf, tag), event);
    if (number !== null) addTo(numeric, shelf.numericTagId, event);
    for (const { path, place, repeated, held } of fields)
      fieldValues.push(names.fieldIdFor(shelf, path), event.seq, place, repeated ? 1 : 0, held);
  }
  database.insert("field", ["field_id", "seq", "place", "repeated", "held"], fieldValues);
  insertTagged(database, tagged);
  insertIntoSets(database, tagged);
  insertIntoSets(database, numeric);
  database.run("UPDATE store SET settled = max(settled, coalesce((SELECT max(seq) FROM event), 0))");
}

function addTo<Key>(lists: Map<Key, Unsettled[]>, key: Key, event: Unsettled): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [event]);
  else list.push(event);
}

/** Tag by tag, so that neighbours are written together. */
function insertTagged(database: EmbeddedDatabase, tagged: ReadonlyMap<number, Unsettled[]>): void {
  const values: SQLInputValue[] = [];
  for (const [tagId, events] of [...tagged].sort(([one], [other]) => one - other))
    for (const { ts, id, seq, typeTagId, number } of events) values.push(tagId, ts, id, seq, typeTagId, number);
  database.insert("tagged", ["tag_id", "ts", "id", "seq", "type_tag_id", "number"], values);
}

function insertIntoSets(database: EmbeddedDatabase, tagged: ReadonlyMap<number, Unsettled[]>): void {
  for (const [tagId, events] of tagged) {
    const byBlock = new Map<number, Unsettled[]>();
    for (const event of events) addTo(byBlock, event.block, event);
    for (const [block, members] of byBlock) {
      const { shelfId } = members[0] as Unsettled;
      const places = members.map(({ place }) => place);
      addToSet(database, [shelfId, block, tagId], places);
    }
  }
}
