import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { heldValue } from "#stores/embedded/held-fields.ts";
import { EVERY_EVENT, type Names, NUMERIC_EVENTS, type StoredType, type TagName } from "#stores/embedded/names.ts";
import { bitOf, blockOf, removeFromSet, sliceOf } from "#stores/embedded/tag-sets.ts";

interface OldRow {
  readonly seq: number;
  readonly id: Uint8Array;
  readonly ts: number;
  readonly place: number;
  readonly tags: string;
  readonly value: string | null;
}

const OLDEST = `
  SELECT seq, id, ts, place, tags, value FROM event
  WHERE type_id = ? AND received < ? ORDER BY received LIMIT ?`;

/**
 * Removes the oldest events of a type that were received before that instant, at most `limit`, with all that was kept
 * of them; answers how many. Must run in a transaction.
 */
export function forgetEvents(
  database: EmbeddedDatabase,
  names: Names,
  type: StoredType,
  receivedBeforeMs: number,
  limit: number,
): number {
  const rows = database.all<OldRow>(OLDEST, type.typeId, receivedBeforeMs, limit);
  const touchedTags = new Set<number>();
  const touchedFields = new Set<number>();
  for (const { seq, id, ts, place, tags, value } of rows) {
    const held = heldValue(value ?? undefined, type.declaredFields);
    const tagNames: TagName[] = [EVERY_EVENT, ...new Set(JSON.parse(tags) as string[])];
    const tagIds = tagNames.map((tag) => names.tagIdFor(type.typeId, tag));
    for (const tagId of tagIds)
      database.run("DELETE FROM tagged WHERE tag_id = ? AND ts = ? AND id = ?", tagId, ts, id);
    if (held.number !== null) tagIds.push(names.tagIdFor(type.typeId, NUMERIC_EVENTS));
    const block = blockOf(sliceOf(ts), place);
    for (const tagId of tagIds) {
      removeFromSet(database, tagId, block, [bitOf(place)]);
      touchedTags.add(tagId);
    }
    for (const { path } of held.fields) {
      const fieldId = names.fieldIdFor(type.typeId, path);
      database.run("DELETE FROM field WHERE field_id = ? AND seq = ?", fieldId, seq);
      touchedFields.add(fieldId);
    }
    database.run("DELETE FROM event WHERE seq = ?", seq);
  }
  forgetNames(database, touchedTags, touchedFields);
  names.forgetRemembered();
  return rows.length;
}

/** Names that nothing has any more: tags may be as many as events. */
function forgetNames(database: EmbeddedDatabase, tagIds: ReadonlySet<number>, fieldIds: ReadonlySet<number>): void {
  const unusedTag = "DELETE FROM tag WHERE tag_id = ?1 AND NOT EXISTS (SELECT 1 FROM tag_set WHERE tag_id = ?1)";
  for (const tagId of tagIds) database.run(unusedTag, tagId);
  const unusedPath = "DELETE FROM path WHERE field_id = ?1 AND NOT EXISTS (SELECT 1 FROM field WHERE field_id = ?1)";
  for (const fieldId of fieldIds) database.run(unusedPath, fieldId);
}
