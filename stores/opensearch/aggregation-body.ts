import { invalidInput } from "#core/errors.ts";
import {
  type AggregatedField,
  type AggregatedValue,
  type Aggregation,
  type Aggregator,
  type Bucket,
  type Group,
  type GroupBy,
  MAX_BUCKETS,
} from "#core/events/query/aggregation.ts";
import { FIELDS } from "./index-templates.ts";
import type { Clause } from "./query-body.ts";

/*
 * An aggregation in OpenSearch's words, and its answer in ours. `leaves` are documents of their own below the event's,
 * so whatever concerns them goes down by `nested`, and what counts events comes back up by `reverse_nested`.
 */

type Aggs = Readonly<Record<string, object>>;

/** A bucket of an answer, or its root: what it counts, and aggregations by name. */
export interface AnsweredBucket {
  readonly doc_count: number;
  readonly key?: string | number;
  readonly key_as_string?: string;
  // biome-ignore lint/suspicious/noExplicitAny: an answer has the shape its request asked for, a few lines away
  readonly [aggregation: string]: any;
}

/**
 * Gives aggregations a companion that does nothing: 3.4 answers wrongly where there is only one. A
 * lone `stats` counts a part of the documents; a lone `min` or `nested` whose field an index does not
 * have takes that index's buckets with it.
 */
const accompanied = (aggs: Aggs): Aggs => ({ ...aggs, companion: { filter: { match_none: {} } } });

const columnOf = (field: AggregatedField): string => {
  if (field.kind === "leaf") return "leaves.number";
  return field.kind === "number" ? "number" : `${FIELDS}.${field.name}`;
};

/** Goes down to the leaves of the field's path, if it is a leaf. */
function below(field: AggregatedField, aggs: Aggs): Aggs {
  if (field.kind !== "leaf") return accompanied(aggs);
  const path = { filter: { term: { "leaves.path": field.path } }, aggs: accompanied(aggs) };
  return accompanied({ leaves: { nested: { path: "leaves" }, aggs: { path } } });
}

const answeredBelow = (field: AggregatedField, bucket: AnsweredBucket): AnsweredBucket =>
  field.kind === "leaf" ? bucket.leaves.path : bucket;

/** Distinct values are counted exactly up to this many. */
const PRECISION_THRESHOLD = 40_000;

/** What of a bucket's events is aggregated; nothing where the bucket's own count says it. */
export function toValueAggs(aggregator: Aggregator): Aggs {
  if (aggregator.type === "count" || aggregator.type === "rate") return {};
  const field = columnOf(aggregator.field);
  switch (aggregator.type) {
    case "average":
      return below(aggregator.field, { value: { avg: { field } } });
    case "min":
    case "max":
    case "sum":
      return below(aggregator.field, { value: { [aggregator.type]: { field } } });
    case "stats":
      return below(aggregator.field, {
        count: { value_count: { field } },
        min: { min: { field } },
        max: { max: { field } },
        sum: { sum: { field } },
      });
    case "percentiles":
      return below(aggregator.field, {
        value: { percentiles: { field, percents: aggregator.percents, keyed: false } },
      });
    case "cardinality":
      return below(aggregator.field, { value: { cardinality: { field, precision_threshold: PRECISION_THRESHOLD } } });
  }
}

/** The value of `total` events over `seconds`; without an answer, as of a query that has no index, that of nothing. */
export function toValue(
  aggregator: Aggregator,
  total: number,
  answer: AnsweredBucket | undefined,
  seconds = aggregator.type === "rate" ? aggregator.seconds : 1,
): AggregatedValue {
  if (aggregator.type === "count") return total;
  if (aggregator.type === "rate") return total / seconds;
  if (answer === undefined) return valueOfNothing(aggregator);
  const answered = answeredBelow(aggregator.field, answer);
  switch (aggregator.type) {
    case "stats": {
      const count = answered.count.value as number;
      const sum = answered.sum.value as number;
      return {
        count,
        min: answered.min.value,
        max: answered.max.value,
        average: count === 0 ? null : sum / count,
        sum,
      };
    }
    case "percentiles": {
      const values = answered.value.values as readonly { key: number; value: number | null }[];
      return Object.fromEntries(values.map(({ key, value }) => [String(key), value]));
    }
    default:
      return answered.value.value;
  }
}

function valueOfNothing(aggregator: Aggregator): AggregatedValue {
  switch (aggregator.type) {
    case "stats":
      return { count: 0, min: null, max: null, average: null, sum: 0 };
    case "percentiles":
      return Object.fromEntries(aggregator.percents.map((percent) => [String(percent), null]));
    case "average":
    case "min":
    case "max":
      return null;
    default:
      return 0;
  }
}

export const toSeriesAggs = (aggregator: Aggregator, intervalMs: number): Aggs =>
  accompanied({
    series: {
      date_histogram: { field: "timestamp", fixed_interval: `${intervalMs}ms`, min_doc_count: 1 },
      aggs: toValueAggs(aggregator),
    },
  });

export function toSeries(aggregator: Aggregator, intervalMs: number, answer: AnsweredBucket | undefined): Bucket[] {
  const buckets: readonly AnsweredBucket[] = answer?.series.buckets ?? [];
  return buckets.map((bucket) => ({
    at: new Date(bucket.key as number).toISOString(),
    count: bucket.doc_count,
    value: toValue(aggregator, bucket.doc_count, bucket, intervalMs / 1000),
  }));
}

/** Each index counts its own groups: this many of the biggest are compared, so that a total is right. */
const SHARD_SIZE = 10_000;

const BIGGEST_FIRST = [{ _count: "desc" }, { _key: "asc" }];

/** The biggest groups, each with the aggregator's value. */
export function toGroupAggs({ aggregator, size }: Aggregation, groupBy: GroupBy): Aggs {
  const field = groupBy.by === "field" ? groupBy.field : undefined;
  const terms = { field: groupColumn(groupBy), size, shard_size: SHARD_SIZE };
  if (field?.kind === "leaf") {
    const events = { reverse_nested: {}, aggs: toValueAggs(aggregator) };
    const order = [{ events: "desc" }, { _key: "asc" }];
    return below(field, { groups: { terms: { ...terms, order }, aggs: { events } } });
  }
  const values = toValueAggs(aggregator);
  const ofTags = (generic: string | undefined, aggs: Aggs) => {
    const include = generic !== undefined && `${escapeRegExp(generic)}:.*`;
    return { terms: { ...terms, order: BIGGEST_FIRST, ...(include && { include }) }, aggs };
  };
  if (groupBy.by !== "tag") return accompanied({ groups: ofTags(undefined, values) });
  const inner = groupBy.inner === undefined ? {} : accompanied({ groups: ofTags(groupBy.inner, values) });
  return accompanied({ groups: ofTags(groupBy.generic, { ...values, ...inner }) });
}

function groupColumn(groupBy: GroupBy): string {
  if (groupBy.by === "field") return columnOf(groupBy.field);
  return groupBy.by === "tag" ? "tags" : "type";
}

/** Lucene reads more signs as operators than JavaScript does (`#@&<>~"`), and takes any escaped sign as itself. */
const escapeRegExp = (text: string): string => text.replace(/[^A-Za-z0-9]/gu, "\\$&");

export function toGroups({ aggregator }: Aggregation, groupBy: GroupBy, answer: AnsweredBucket | undefined): Group[] {
  if (answer === undefined) return [];
  const field = groupBy.by === "field" ? groupBy.field : undefined;
  const buckets: readonly AnsweredBucket[] = (field ? answeredBelow(field, answer) : answer).groups.buckets;
  const toGroup = (bucket: AnsweredBucket): Group => {
    const events: AnsweredBucket = field?.kind === "leaf" ? bucket.events : bucket;
    return { key: keyOf(bucket), count: events.doc_count, value: toValue(aggregator, events.doc_count, events) };
  };
  if (groupBy.by !== "tag" || groupBy.inner === undefined) return buckets.map(toGroup);
  return buckets.map((bucket) => ({ ...toGroup(bucket), groups: bucket.groups.buckets.map(toGroup) }));
}

/** Truth values are counted as 1 and 0; only they have a text beside the key. */
const keyOf = ({ key, key_as_string: text }: AnsweredBucket): Group["key"] =>
  text === undefined ? (key as string | number) : text === "true";

/**
 * The series of groups already found. One request for both would make the buckets of every group that was compared,
 * thousands more than are answered.
 */
export const toGroupSeriesAggs = (
  { aggregator }: Aggregation,
  groupBy: GroupBy,
  groups: readonly Group[],
  intervalMs: number,
): Aggs =>
  accompanied({
    groups: {
      filters: { filters: groups.map(({ key }) => groupClause(groupBy, key)) },
      aggs: toSeriesAggs(aggregator, intervalMs),
    },
  });

function groupClause(groupBy: GroupBy, key: Group["key"]): Clause {
  const term = { term: { [groupColumn(groupBy)]: key } };
  if (groupBy.by !== "field" || groupBy.field.kind !== "leaf") return term;
  const filter = [{ term: { "leaves.path": groupBy.field.path } }, term];
  return { nested: { path: "leaves", query: { bool: { filter } } } };
}

export function withSeries(
  { aggregator }: Aggregation,
  groups: readonly Group[],
  intervalMs: number,
  answer: AnsweredBucket | undefined,
): Group[] {
  const buckets: readonly AnsweredBucket[] = answer?.groups.buckets ?? [];
  return groups.map((group, index) => ({ ...group, series: toSeries(aggregator, intervalMs, buckets[index]) }));
}

/** Refuses what would be too long an answer. */
export function checkBuckets(series: readonly (readonly Bucket[])[]): void {
  const buckets = series.reduce((count, one) => count + one.length, 0);
  if (buckets > MAX_BUCKETS)
    throw invalidInput([
      { pointer: "interval", detail: `gives ${buckets} buckets, and ${MAX_BUCKETS} are the most; make it longer` },
    ]);
}
