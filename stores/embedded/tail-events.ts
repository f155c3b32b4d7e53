import type { TailPage } from "#core/events/event-store.ts";
import { type EventFilter, matches } from "#core/events/query/event-filter.ts";
import type { Position } from "#core/events/stream/position.ts";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { EVENT_COLUMNS, EVENT_SOURCE, type EventRow, fromPoint, toEvent, toPoint } from "#stores/embedded/event-row.ts";

/** The most entries looked at for one page, so that a filter that matches little does not hold up everyone else. */
const MAX_LOOKED_AT = 10_000;

const ENTRIES = `
  SELECT ${EVENT_COLUMNS}, event.point FROM ${EVENT_SOURCE}
  WHERE shard = ? AND point > ? AND point <= ? ORDER BY point`;

/**
 * The next page after a position; `checkpoints` is the position of everything readable, in the order in which shards
 * began: each is read to its end before the next, so that one that had ended comes before what followed it.
 */
export function tailEvents(
  database: EmbeddedDatabase,
  checkpoints: Position,
  filter: EventFilter,
  declared: readonly EventTypeDeclaration[],
  after: Position,
  limit: number,
  receivedFromMs = Number.NEGATIVE_INFINITY,
): TailPage {
  const entries: TailPage["entries"][number][] = [];
  const shards = new Map<string, string>();
  let lookedAt = 0;
  let caughtUp = true;
  for (const [shard, checkpoint] of checkpoints.shards) {
    const from = after.shards.get(shard);
    if (from !== undefined && from >= checkpoint) {
      shards.set(shard, from);
      continue;
    }
    let reached = from;
    let finished = true;
    const points = [from === undefined ? "" : toPoint(from), toPoint(checkpoint)];
    for (const row of database.iterate<EventRow & { readonly point: string }>(ENTRIES, shard, ...points)) {
      if (entries.length >= limit || lookedAt >= MAX_LOOKED_AT) {
        finished = false;
        break;
      }
      lookedAt++;
      const seq = fromPoint(row.point);
      reached = seq;
      if (row.received < receivedFromMs) continue;
      const event = toEvent(row);
      if (matches(filter, event, declared)) entries.push({ event, point: { shard, seq } });
    }
    if (finished) reached = checkpoint;
    else caughtUp = false;
    if (reached !== undefined) shards.set(shard, reached);
  }
  return { entries, position: { store: checkpoints.store, shards }, caughtUp };
}
