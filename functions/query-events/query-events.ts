import type { APIGatewayProxyResult } from "aws-lambda";
import type { Clock } from "#core/clock.ts";
import { allFaults, PulseError } from "#core/errors.ts";
import { aggregateEvents } from "#core/events/aggregate-events.ts";
import { toEventJson } from "#core/events/event.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { searchEvents } from "#core/events/search-events.ts";
import { declarationOf } from "#core/events/types/event-types.ts";
import { aggregationAnswer, jsonAnswer, listText } from "#functions/shared/http/answer.ts";
import { type Answer, type ApiHandler, api, dispatch } from "#functions/shared/http/api.ts";
import { askedPage, askedQuery } from "#functions/shared/http/asked-query.ts";
import { beforeQuery } from "#functions/shared/http/before-query.ts";
import { atOwnRoute } from "#functions/shared/http/own-route.ts";
import { pageLinks } from "#functions/shared/http/page-links.ts";
import { answerView, VIEWS } from "./views.ts";

export interface QueryEventsOptions {
  readonly namespaces: readonly string[];
  readonly store: EventStore;
  readonly clock: Clock;
  /** How far back `/health/…` and `/metrics/…` look. */
  readonly viewWindowMs: number;
}

/** Reads events: lists, single ones, the newest number of a view, the types there are. */
export function queryEventsHandler(options: QueryEventsOptions): ApiHandler {
  const list = listEvents(options);
  return api(
    options.namespaces,
    atOwnRoute(
      dispatch({
        "GET /events": list,
        "POST /events/search": list,
        "GET /events/{id}": findEvent(options.store),
        "GET /event-types": listEventTypes(options.store),
        ...Object.fromEntries(Object.keys(VIEWS).map((path) => [`GET ${path}`, answerView(path, options)])),
      }),
    ),
  );
}

/** The page of a query, or, where the query has an aggregator, its numbers. */
function listEvents({ store, clock }: QueryEventsOptions): Answer {
  const begin = beforeQuery(store, clock);
  return async (request) => {
    const types = await store.types();
    const [{ query, aggregation }, page] = allFaults(
      () => askedQuery(request, clock.now(), types),
      () => askedPage(request),
    );
    if (aggregation !== undefined) {
      const headers = await begin(request);
      return aggregationAnswer(await aggregateEvents(store, query, aggregation), headers);
    }
    const headers = await begin(request);
    const found = await searchEvents(store, query, page);
    return jsonAnswer(200, listText(found.events.map(toEventJson), "events"), {
      ...headers,
      "x-total-count": String(found.total),
      link: pageLinks(request, page, found),
    });
  };
}

const findEvent =
  (store: EventStore): Answer =>
  async (request) => {
    const id = request.parameters.id ?? "";
    const event = await store.find(request.namespace, id.toLowerCase());
    if (event === undefined) throw new PulseError("not-found", `there is no event ${JSON.stringify(id.slice(0, 80))}`);
    return jsonAnswer(200, toEventJson(event));
  };

const listEventTypes =
  (store: EventStore): Answer =>
  async (request): Promise<APIGatewayProxyResult> => {
    const [summaries, declared] = await Promise.all([store.eventTypes(request.namespace), store.types()]);
    const types = summaries.map(({ type, count, newestMs, index }) => {
      const { retentionDays, period, fields } = declarationOf(type, declared);
      return { name: type, count, newest: new Date(newestMs).toISOString(), retentionDays, period, fields, index };
    });
    return jsonAnswer(200, JSON.stringify(types));
  };
