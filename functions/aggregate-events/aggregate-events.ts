import type { Clock } from "#core/clock.ts";
import type { Aggregation } from "#core/events/aggregation.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { jsonAnswer } from "#functions/shared/answer.ts";
import { type ApiHandler, api } from "#functions/shared/api.ts";
import { askedAggregation } from "#functions/shared/asked-query.ts";
import { awaitReceipt } from "#functions/shared/fresh-position.ts";

export interface AggregateEventsOptions {
  readonly namespaces: readonly string[];
  readonly store: EventStore;
  readonly clock: Clock;
}

/** `GET` and `POST /events/aggregate`: a number, groups, or a series of either. */
export const aggregateEventsHandler = ({ namespaces, store, clock }: AggregateEventsOptions): ApiHandler =>
  api(namespaces, async (request) => {
    const after = request.query.get("after");
    if (after !== null) await awaitReceipt(after, store, clock);
    const { query, aggregation } = askedAggregation(request, clock.now());
    return jsonAnswer(200, JSON.stringify(await store.aggregate(query, aggregation as Aggregation)));
  });
