import type { EventQuery, EventStore } from "#core/events/event-store.ts";
import type {
  AggregatedField,
  AggregatedValue,
  Aggregation,
  AggregationResult,
  Aggregator,
  GroupBy,
} from "#core/events/query/aggregation.ts";
import { quote } from "#core/faults.ts";

/**
 * What an aggregation came to. Where events match and none has what is aggregated, or by what they are grouped, how many do,
 * and where it was looked for.
 */
export type AnsweredAggregation = AggregationResult & { readonly count?: number; readonly hint?: string };

/**
 * Aggregates, and does not leave nulls or no groups alone where a field is misspelt, or is of another type: then events
 * match. It costs a count, of such answers only. A sum is 0 and says nothing, for numbers may add up to it.
 */
export async function aggregateEvents(
  store: Pick<EventStore, "aggregate">,
  query: EventQuery,
  aggregation: Aggregation,
): Promise<AnsweredAggregation> {
  const result = await store.aggregate(query, aggregation);
  const hint = hintFor(result, aggregation);
  if (hint === undefined) return result;
  const counted = await store.aggregate(query, { aggregator: { type: "count" }, size: aggregation.size });
  if (!("value" in counted) || counted.value === 0) return result;
  return { ...result, count: counted.value as number, hint };
}

/** Where it was looked for in vain; undefined where there is something. */
function hintFor(result: AggregationResult, { aggregator, groupBy }: Aggregation): string | undefined {
  if ("groups" in result && result.groups.length === 0) return groupBy && groupHintFor(groupBy);
  if (!("field" in aggregator)) return undefined;
  const values = valuesOf(result);
  if (values.length === 0 || !values.every((value) => isNothing(value, aggregator))) return undefined;
  return fieldHintFor(aggregator);
}

function valuesOf(result: AggregationResult): readonly AggregatedValue[] {
  if ("value" in result) return [result.value];
  return ("groups" in result ? result.groups : result.series).map(({ value }) => value);
}

const isNothing = (value: AggregatedValue, { type }: Aggregator): boolean =>
  value === null ||
  (type === "cardinality" && value === 0) ||
  (typeof value === "object" && !("count" in value) && Object.values(value).every((one) => one === null));

function fieldHintFor({ type, field }: Extract<Aggregator, { readonly field: AggregatedField }>): string {
  if (field.kind === "number")
    return "of no event that matches is the value itself a number; one inside an object is asked for by its path, like a.b";
  const where = quote(field.kind === "leaf" ? field.path : field.name);
  if (type === "cardinality")
    return `no event that matches has anything at ${where} that can be told apart${onlyNumbers(field)}`;
  return `no event that matches has a number at ${where}`;
}

function groupHintFor(groupBy: GroupBy): string | undefined {
  if (groupBy.by === "type") return undefined;
  if (groupBy.by === "tag")
    return groupBy.generic === undefined
      ? undefined
      : `no event that matches has a tag like ${quote(`${groupBy.generic}:…`)}`;
  const { field } = groupBy;
  if (field.kind === "number") return "of no event that matches is the value itself a number";
  return `no event that matches has anything at ${quote(field.kind === "leaf" ? field.path : field.name)} to group by${onlyNumbers(field)}`;
}

/** Of a path that no type declares, only numbers are kept apart. */
const onlyNumbers = ({ kind }: AggregatedField): string =>
  kind === "leaf" ? ": only numbers count there, unless the type declares it as a field" : "";
