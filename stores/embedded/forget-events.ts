import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { heldValue } from "#stores/embedded/held-fields.ts";
import type { Names, StoredType } from "#stores/embedded/names.ts";
import { removeFromSet } from "#stores/embedded/tag-sets.ts";

interface OldRow {
  readonly seq: number;
  readonly id: Uint8Array;
  readonly ts: number;
  readonly block: number;
  readonly place: number;
  readonly tags: string;
  readonly value: string | null;
}

const OLDEST = `
  SELECT seq, id, ts, block, place, tags, value FROM event
  WHERE type_tag_id = ? AND received < ? ORDER BY received LIMIT ?`;

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
  const { shelf } = type;
  const rows = database.all<OldRow>(OLDEST, type.tagId, receivedBeforeMs, limit);
  const touchedTags = new Set<number>();
  const touchedFields = new Set<number>();
  for (const { seq, id, ts, block, place, tags, value } of rows) {
    const held = heldValue(value ?? undefined, shelf.declaredFields);
    const named = [...new Set(JSON.parse(tags) as string[])].map((tag) => names.tagIdFor(shelf, tag));
    const tagIds = [type.tagId, ...named];
    for (const tagId of tagIds)
      database.run("DELETE FROM tagged WHERE tag_id = ? AND ts = ? AND id = ?", tagId, ts, id);
    if (held.number !== null) tagIds.push(shelf.numericTagId);
    for (const tagId of tagIds) {
      removeFromSet(database, [shelf.shelfId, block, tagId], place);
      touchedTags.add(tagId);
    }
    for (const { path } of held.fields) {
      const fieldId = names.fieldIdFor(shelf, path);
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
  const unusedTag = `
    DELETE FROM tag WHERE tag_id = ?1 AND tag IS NOT NULL AND NOT EXISTS (SELECT 1 FROM tagged WHERE tag_id = ?1)`;
  for (const tagId of tagIds) database.run(unusedTag, tagId);
  const unusedPath = "DELETE FROM path WHERE field_id = ?1 AND NOT EXISTS (SELECT 1 FROM field WHERE field_id = ?1)";
  for (const fieldId of fieldIds) database.run(unusedPath, fieldId);
}
