import type { JournalEntry } from "#core/events/event-journal.ts";
import type { Kept } from "#core/events/event-store.ts";
import { isUuid } from "#core/uuid.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { toIdBytes, toPoint } from "#stores/embedded/event-row.ts";
import type { Names } from "#stores/embedded/names.ts";
import { OpenBlocks } from "#stores/embedded/open-blocks.ts";

const KEPT: Kept = { kept: true };

/** Keeps each entry once; queries find it once it is settled, too. Must run in a transaction. */
export function keepEvents(database: EmbeddedDatabase, names: Names, entries: readonly JournalEntry[]): Kept[] {
  const blocks = new OpenBlocks(database);
  const answers = entries.map(({ event, point }): Kept => {
    if (!isUuid(event.id)) return { refused: `the id ${JSON.stringify(event.id)} is not a UUID in lower case` };
    const { tagId: typeTagId, shelf } = names.typeFor(event.namespace, event.type);
    const block = blocks.of(shelf.shelfId, event.timestampMs);
    const { changes } = database.run(
      INSERT,
      typeTagId,
      block.block,
      block.places,
      toIdBytes(event.id),
      event.namespace,
      event.timestampMs,
      event.receivedAtMs,
      point?.shard ?? null,
      point === undefined ? null : toPoint(point.seq),
      event.timestamp,
      JSON.stringify(event.tags),
      event.key ?? null,
      event.value ?? null,
    );
    if (changes === 1) blocks.take(block, event.timestampMs);
    return KEPT;
  });
  blocks.save();
  return answers;
}

const INSERT = `
  INSERT INTO event (type_tag_id, block, place, id, namespace, ts, received, shard, point, timestamp, tags, key, value)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
