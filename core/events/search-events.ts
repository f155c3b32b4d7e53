import { PulseError } from "#core/errors.ts";
import type { Event } from "#core/events/event.ts";
import type { EventPage, EventQuery, EventStore } from "#core/events/event-store.ts";
import { type AskedPage, MAX_PAGE_DEPTH, toPageRequest } from "#core/events/query/asked-page.ts";

/**
 * A page of events. Past the end it is empty, however far; where there are events, but deeper than 10,000, a page's
 * number is refused and a cursor asked for.
 */
export async function searchEvents(
  store: Pick<EventStore, "search">,
  query: EventQuery,
  page: AskedPage,
): Promise<EventPage> {
  const deep = page.after === undefined && page.page * page.perPage > MAX_PAGE_DEPTH;
  if (!deep) return store.search(query, toPageRequest(page));
  const { total } = await store.search(query, { offset: 0, limit: 1 });
  if (total <= (page.page - 1) * page.perPage) return { events: [], total };
  throw new PulseError(
    "invalid-input",
    `page ${page.page} of ${page.perPage} lies deeper than ${MAX_PAGE_DEPTH} events: follow the next link's cursor, or begin with cursor=*`,
    { faults: [{ pointer: "page", detail: `lies deeper than ${MAX_PAGE_DEPTH} events` }] },
  );
}

/** The newest event of the query whose value is a number, if there is one. */
export async function newestNumber(store: Pick<EventStore, "search">, query: EventQuery): Promise<Event | undefined> {
  const { events } = await store.search({ ...query, numeric: true }, { offset: 0, limit: 1 });
  return events[0];
}
