import type { EventPage } from "#core/events/event-store.ts";
import { type AskedPage, MAX_PAGE_DEPTH } from "#core/events/query/asked-page.ts";
import { toCursorText } from "#core/events/query/cursor.ts";
import type { ApiRequest } from "#functions/shared/http/request.ts";

/**
 * The `Link` of a page, as Vamp wrote it: first, prev, next, last, the whole query kept; the first page's prev is
 * itself, the last one's next too. What lies deeper than 10,000 events, or follows a cursor, is linked by cursor; other
 * lists may be as deep as they like.
 */
export function pageLinks(
  request: ApiRequest,
  asked: AskedPage,
  { events, total }: EventPage,
  deepest = MAX_PAGE_DEPTH,
): string {
  const { page, perPage } = asked;
  const lastPage = Math.max(1, Math.ceil(total / perPage));
  const final = events.at(-1);
  const byCursor = asked.after !== undefined || (page < lastPage && (page + 1) * perPage > deepest);
  const links = [link(request, { page: "1", per_page: String(perPage) }, "first")];
  if (asked.after === undefined)
    links.push(link(request, { page: String(Math.max(1, page - 1)), per_page: String(perPage) }, "prev"));
  if (!byCursor)
    links.push(link(request, { page: String(Math.min(lastPage, page + 1)), per_page: String(perPage) }, "next"));
  else if (final !== undefined)
    links.push(link(request, { cursor: toCursorText(final), per_page: String(perPage) }, "next"));
  if (asked.after === undefined && lastPage * perPage <= deepest)
    links.push(link(request, { page: String(lastPage), per_page: String(perPage) }, "last"));
  return links.join(", ");
}

function link(request: ApiRequest, place: Readonly<Record<string, string>>, rel: string): string {
  const query = new URLSearchParams(request.query);
  for (const name of ["page", "per_page", "cursor"]) query.delete(name);
  for (const [name, value] of Object.entries(place)) query.set(name, value);
  return `<${request.url}?${query}>; rel=${rel}`;
}
