import type { AggregatedField, Aggregation, AggregationResult } from "#core/events/aggregation.ts";
import type { EventQuery, EventStore } from "#core/events/event-store.ts";
import { quote } from "#core/faults.ts";

/**
 * What an aggregation came to. Where events match, and none has what is aggregated: also how
 * many match, and where it was looked for.
 */
export type AnsweredAggregation = AggregationResult & { readonly count?: number; readonly hint?: string };

/**
 * Aggregates. Null though events match mostly means a misspelt field or one of another type, so such an answer says how
 * many events match and where a number was looked for; only these answers cost a count. A sum of 0 is left as it is,
 * for numbers may really add up to 0.
 */
export async function aggregateEvents(
  store: Pick<EventStore, "aggregate">,
  query: EventQuery,
  aggregation: Aggregation,
): Promise<AnsweredAggregation> {
  const result = await store.aggregate(query, aggregation);
  const { aggregator } = aggregation;
  if (!("value" in result) || !("field" in aggregator) || !isNothing(result.value)) return result;
  const counted = await store.aggregate(query, { aggregator: { type: "count" }, size: aggregation.size });
  if (!("value" in counted) || counted.value === 0) return result;
  return { ...result, count: counted.value as number, hint: hintFor(aggregator.field) };
}

const isNothing = (value: unknown): boolean =>
  value === null ||
  (typeof value === "object" && !("count" in value) && Object.values(value).every((one) => one === null));

function hintFor(field: AggregatedField): string {
  if (field.kind === "number")
    return "of no event that matches is the value itself a number; one inside an object is asked for by its path, like a.b";
  return `no event that matches has a number at ${quote(field.kind === "leaf" ? field.path : field.name)}`;
}
