import { invalidInput } from "#core/errors.ts";
import type { EventQuery } from "#core/events/event-store.ts";
import {
  type AggregatedField,
  type AggregatedValue,
  type Aggregation,
  type AggregationResult,
  type Aggregator,
  type Bucket,
  type Group,
  MAX_BUCKETS,
} from "#core/events/query/aggregation.ts";
import { countByTag, countMatching } from "#stores/embedded/count-events.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import {
  type Measure,
  type MeasureRequest,
  type Measures,
  measure,
  measureByTag,
  type TagMeasure,
} from "#stores/embedded/measure.ts";
import type { Names } from "#stores/embedded/names.ts";
import { planQuery } from "#stores/embedded/query-plan.ts";

export function aggregateEvents(
  database: EmbeddedDatabase,
  names: Names,
  query: EventQuery,
  aggregation: Aggregation,
): AggregationResult {
  const { aggregator, groupBy, intervalMs } = aggregation;
  const request = toMeasureRequest(aggregator);
  const measured: Measured = (narrowed, more) =>
    measure(database, names, planQuery(database, names, narrowed), { ...request, ...more });
  const counted: Counted = (narrowed) => countMatching(database, planQuery(database, names, narrowed));

  if (groupBy === undefined) {
    if (intervalMs === undefined) return { value: measuredValue(query, aggregator, measured, counted) };
    return { series: toSeries(measured(query, { intervalMs }).get(null), aggregator, intervalMs) };
  }
  if (groupBy.by === "field") return { groups: groupsOfField(query, aggregation, groupBy.field, measured) };
  const plan = planQuery(database, names, query);
  if (groupBy.by === "tag" && isWalkedOnce(query, aggregation))
    return { groups: groupsOfWalk(measureByTag(database, names, plan, request, groupBy), aggregation) };
  const narrowings =
    groupBy.by === "tag"
      ? Array.from(countByTag(database, names, plan, groupBy.generic), ([key, count]) => ({
          key,
          count,
          query: { ...query, tags: [...query.tags, key] },
        }))
      : [...new Set(plan.shelves.flatMap(({ types }) => types.map(({ name }) => name)))]
          .map((name) => ({ key: name, query: { ...query, types: [name] } }))
          .map((narrowing) => ({ ...narrowing, count: counted(narrowing.query) }))
          .filter(({ count }) => count > 0);
  const groups = groupsOfNarrowings(narrowings, aggregation, measured);
  if (groupBy.by !== "tag" || groupBy.inner === undefined) return { groups };
  const walked = measureByTag(database, names, plan, request, groupBy);
  const innerOf = new Map(groupsOfWalk(walked, aggregation, walked.size).map((group) => [group.key, group]));
  return { groups: groups.map((group) => ({ ...group, groups: innerOf.get(group.key)?.groups ?? [] })) };
}

/**
 * Whether one walk through the events is cheaper than a question for each group: nested groups, and groups of a short
 * time, can be many though their events are few.
 */
const isWalkedOnce = (query: EventQuery, { groupBy, intervalMs }: Aggregation): boolean =>
  groupBy?.by === "tag" &&
  intervalMs === undefined &&
  (groupBy.inner !== undefined || query.receivedFromMs !== undefined);

function groupsOfWalk(
  groups: ReadonlyMap<string, TagMeasure>,
  { aggregator, groupBy, size }: Aggregation,
  outerSize = size,
): Group[] {
  const toGroup = ([key, found]: [string, Measure]): Group => ({
    key,
    count: found.events,
    value: toValue(found, aggregator),
  });
  const outer = Array.from(groups, ([key, { all, inner }]) => ({ ...toGroup([key, all]), inner }));
  return biggest(outer, outerSize).map(({ inner, ...group }) =>
    groupBy?.by === "tag" && groupBy.inner !== undefined
      ? { ...group, groups: biggest(Array.from(inner, toGroup), size) }
      : group,
  );
}

type Measured = (query: EventQuery, more?: Pick<MeasureRequest, "keyField" | "intervalMs">) => Measures;
type Counted = (query: EventQuery) => number;

/** A group as the query that means just its events, and how many they are. */
interface Narrowing {
  readonly key: string;
  readonly query: EventQuery;
  readonly count: number;
}

function toMeasureRequest(aggregator: Aggregator): MeasureRequest {
  if (!("field" in aggregator)) return {};
  const values = aggregator.type === "percentiles" || aggregator.type === "cardinality";
  return { field: aggregator.field, values };
}

function measuredValue(
  query: EventQuery,
  aggregator: Aggregator,
  measured: Measured,
  counted: Counted,
): AggregatedValue {
  if (!("field" in aggregator)) return toValue({ ...NOTHING, events: counted(query) }, aggregator);
  return toValue(measured(query).get(null)?.get(null), aggregator);
}

/** Types and tags are counted without looking at an event; only the groups that are answered are measured. */
function groupsOfNarrowings(
  narrowings: Narrowing[],
  { aggregator, size, intervalMs }: Aggregation,
  measured: Measured,
): Group[] {
  let buckets = 0;
  return biggest(narrowings, size).map(({ key, count, query }) => {
    const group = { key, count, value: measuredValue(query, aggregator, measured, () => count) };
    if (intervalMs === undefined) return group;
    const series = toSeries(measured(query, { intervalMs }).get(null), aggregator, intervalMs, buckets);
    buckets += series.length;
    return { ...group, series };
  });
}

function groupsOfField(
  query: EventQuery,
  { aggregator, size, intervalMs }: Aggregation,
  keyField: AggregatedField,
  measured: Measured,
): Group[] {
  const keys: { key: Group["key"]; count: number; found: Measure }[] = [];
  for (const [key, buckets] of measured(query, { keyField })) {
    const found = buckets.get(null);
    if (key !== null && found !== undefined) keys.push({ key, count: found.events, found });
  }
  const bySeries = intervalMs === undefined ? undefined : measured(query, { keyField, intervalMs });
  let buckets = 0;
  return biggest(keys, size).map(({ key, count, found }) => {
    const group = { key, count, value: toValue(found, aggregator) };
    if (bySeries === undefined || intervalMs === undefined) return group;
    const series = toSeries(bySeries.get(key), aggregator, intervalMs, buckets);
    buckets += series.length;
    return { ...group, series };
  });
}

function biggest<Counted extends Pick<Group, "key" | "count">>(groups: Counted[], size: number): Counted[] {
  return groups.sort((one, other) => other.count - one.count || compareKeys(one.key, other.key)).slice(0, size);
}

const SURROGATE = /[\ud800-\udfff]/;

/** Texts by their bytes, as indices sort them; numbers and truth values by size, before texts. */
function compareKeys(one: Group["key"], other: Group["key"]): number {
  if (typeof one !== "string" && typeof other !== "string") return Number(one) - Number(other);
  if (typeof one !== "string" || typeof other !== "string") return typeof one === "string" ? 1 : -1;
  // Code units sort as bytes do, but for surrogates, which stand for the last characters of all.
  if (SURROGATE.test(one) || SURROGATE.test(other)) return Buffer.compare(Buffer.from(one), Buffer.from(other));
  return one < other ? -1 : Number(one > other);
}

/** Oldest first. Refuses to exceed what one answer may hold, `earlier` being the buckets of series before this one. */
function toSeries(
  measures: ReadonlyMap<number | null, Measure> = new Map(),
  aggregator: Aggregator,
  intervalMs: number,
  earlier = 0,
): Bucket[] {
  if (earlier + measures.size > MAX_BUCKETS) {
    const detail = `gives more than ${MAX_BUCKETS} buckets; take a longer one, less time or fewer groups`;
    throw invalidInput([{ pointer: "/aggregator/interval", detail }]);
  }
  const inInterval: Aggregator = aggregator.type === "rate" ? { type: "rate", seconds: intervalMs / 1000 } : aggregator;
  return [...(measures as ReadonlyMap<number, Measure>)]
    .sort(([one], [other]) => one - other)
    .map(([startMs, found]) => ({
      at: new Date(startMs).toISOString(),
      count: found.events,
      value: toValue(found, inInterval),
    }));
}

const NOTHING: Measure = {
  events: 0,
  numbers: 0,
  sum: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
  values: [],
};

function toValue(found: Measure = NOTHING, aggregator: Aggregator): AggregatedValue {
  const { events, numbers, sum, values } = found;
  const min = numbers === 0 ? null : found.min;
  const max = numbers === 0 ? null : found.max;
  const average = numbers === 0 ? null : sum / numbers;
  switch (aggregator.type) {
    case "count":
      return events;
    case "rate":
      return events / aggregator.seconds;
    case "sum":
      return sum;
    case "min":
      return min;
    case "max":
      return max;
    case "average":
      return average;
    case "stats":
      return { count: numbers, min, max, average, sum };
    case "cardinality":
      return new Set(values).size;
    case "percentiles":
      return toPercentiles(values, aggregator.percents);
  }
}

/** Exact: between the two nearest ranks by linear interpolation. */
function toPercentiles(values: readonly unknown[], percents: readonly number[]): Record<string, number | null> {
  const sorted = Float64Array.from(values.filter((value) => typeof value === "number")).sort();
  const at = (percent: number): number | null => {
    if (sorted.length === 0) return null;
    const rank = (percent / 100) * (sorted.length - 1);
    const below = sorted[Math.floor(rank)] as number;
    const above = sorted[Math.ceil(rank)] as number;
    return below + (above - below) * (rank - Math.floor(rank));
  };
  return Object.fromEntries(percents.map((percent) => [String(percent), at(percent)]));
}
