import type { Event } from "#core/events/event.ts";
import type { EventPage, EventQuery, PageRequest } from "#core/events/event-store.ts";
import type { Cursor } from "#core/events/query/cursor.ts";
import { countMatching, isWalked } from "#stores/embedded/count-events.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { EVENT_COLUMNS, EVENT_SOURCE, type EventRow, toEvent, toIdBytes } from "#stores/embedded/event-row.ts";
import type { Names } from "#stores/embedded/names.ts";
import { branchesOf, planQuery, type QueryPlan } from "#stores/embedded/query-plan.ts";

interface Hit {
  readonly ts: number;
  readonly id: Uint8Array;
  readonly seq: number;
}

export function searchEvents(
  database: EmbeddedDatabase,
  names: Names,
  query: EventQuery,
  page: PageRequest,
): EventPage {
  const plan = planQuery(database, names, query);
  const cursor = "after" in page && page.after !== "start" ? page.after : undefined;
  const offset = "offset" in page ? page.offset : 0;
  const end = offset + page.limit;
  const toPage = (hits: readonly Hit[], total: number): EventPage => {
    return { events: hits.slice(offset, end).map((hit) => eventAt(database, hit.seq)), total };
  };

  if (cursor === undefined && plan.shelves.every((part) => isWalked(database, part, plan))) {
    const hits = newestHits(database, plan, undefined, end);
    // Fewer than were wanted are all there are.
    return toPage(hits, hits.length < end ? hits.length : countMatching(database, plan));
  }
  const total = countMatching(database, plan);
  return toPage(total <= offset ? [] : newestHits(database, plan, cursor, Math.min(end, total)), total);
}

/**
 * The newest matches, or those that follow the cursor; of each branch at least as many as are wanted, if it has them.
 */
function newestHits(database: EmbeddedDatabase, plan: QueryPlan, cursor: Cursor | undefined, wanted: number): Hit[] {
  const afterCursor = cursor === undefined ? "" : "AND (d.ts, d.id) < (?, ?)";
  const cursorParameters = cursor === undefined ? [] : [cursor.timestampMs, toIdBytes(cursor.id)];
  // The row comparison alone would be a filter: the bound lets the scan begin at the cursor.
  const toMs = cursor === undefined ? plan.toMs : Math.min(plan.toMs, cursor.timestampMs);

  const branches = branchesOf({ ...plan, toMs });
  const hits = branches.flatMap(({ sql, parameters }) =>
    database.all<Hit>(
      `SELECT d.ts, d.id, d.seq FROM tagged d WHERE ${sql} ${afterCursor} ORDER BY d.ts DESC, d.id DESC LIMIT ?`,
      ...parameters,
      ...cursorParameters,
      wanted,
    ),
  );
  if (branches.length > 1) hits.sort((one, other) => other.ts - one.ts || Buffer.compare(other.id, one.id));
  return hits;
}

const eventAt = (database: EmbeddedDatabase, seq: number): Event =>
  toEvent(database.get<EventRow>(`SELECT ${EVENT_COLUMNS} FROM ${EVENT_SOURCE} WHERE seq = ?`, seq) as EventRow);
