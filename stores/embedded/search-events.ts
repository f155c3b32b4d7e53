import type { Event } from "#core/events/event.ts";
import type { EventPage, EventQuery, PageRequest } from "#core/events/event-store.ts";
import { countMatching } from "#stores/embedded/count-events.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { EVENT_COLUMNS, EVENT_SOURCE, type EventRow, toEvent, toIdBytes } from "#stores/embedded/event-row.ts";
import type { Names } from "#stores/embedded/names.ts";
import { branchesOf, planQuery } from "#stores/embedded/query-plan.ts";

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
  const total = countMatching(database, plan);
  const offset = "offset" in page ? page.offset : 0;
  if (total <= offset) return { events: [], total };

  const cursor = "after" in page && page.after !== "start" ? page.after : undefined;
  const afterCursor = cursor === undefined ? "" : "AND (d.ts, d.id) < (?, ?)";
  const cursorParameters = cursor === undefined ? [] : [cursor.timestampMs, toIdBytes(cursor.id)];
  // The row comparison alone would be a filter: the bound lets the scan begin at the cursor.
  const toMs = cursor === undefined ? plan.toMs : Math.min(plan.toMs, cursor.timestampMs);
  const wanted = Math.min(offset + page.limit, total);

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
  return { events: hits.slice(offset, offset + page.limit).map((hit) => eventAt(database, hit.seq)), total };
}

const eventAt = (database: EmbeddedDatabase, seq: number): Event =>
  toEvent(database.get<EventRow>(`SELECT ${EVENT_COLUMNS} FROM ${EVENT_SOURCE} WHERE seq = ?`, seq) as EventRow);
