import type { Clock } from "#core/clock.ts";
import { aggregateEvents } from "#core/events/aggregate-events.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { aggregationAnswer } from "#functions/shared/http/answer.ts";
import { type ApiHandler, api } from "#functions/shared/http/api.ts";
import { askedAggregation } from "#functions/shared/http/asked-query.ts";
import { beforeQuery } from "#functions/shared/http/before-query.ts";

export interface AggregateEventsOptions {
  readonly namespaces: readonly string[];
  readonly store: EventStore;
  readonly clock: Clock;
}

/** `GET` and `POST /events/aggregate`: a number, groups, or a series of either. */
export function aggregateEventsHandler({ namespaces, store, clock }: AggregateEventsOptions): ApiHandler {
  const begin = beforeQuery(store, clock);
  return api(namespaces, async (request) => {
    const { query, aggregation } = askedAggregation(request, clock.now(), await store.types());
    const headers = await begin(request);
    return aggregationAnswer(await aggregateEvents(store, query, aggregation), headers);
  });
}
