/** Which numbers (or, for groups and cardinality, which values) of an event are meant. */
export type AggregatedField =
  /** The value itself, where it is a number. */
  | { readonly kind: "number" }
  /** Numbers inside objects; the path's keys are joined by dots, arrays are looked through. */
  | { readonly kind: "leaf"; readonly path: string }
  /** A declared field of the type. */
  | { readonly kind: "declared"; readonly name: string };

export type Aggregator =
  | { readonly type: "average" | "min" | "max" | "sum" | "stats"; readonly field: AggregatedField }
  /** Events, whatever their value. */
  | { readonly type: "count" }
  | { readonly type: "percentiles"; readonly field: AggregatedField; readonly percents: readonly number[] }
  | { readonly type: "cardinality"; readonly field: AggregatedField }
  /** Events per second over the query's time, or over each interval of a series. */
  | { readonly type: "rate"; readonly seconds: number };

export type GroupBy =
  | { readonly by: "type" }
  /**
   * Every tag of the event, or only those that start with `<generic>:`. An event is in several groups. With `inner` the
   * events of each group are grouped once more, by their tags of that generic one.
   */
  | { readonly by: "tag"; readonly generic?: string; readonly inner?: string }
  | { readonly by: "field"; readonly field: AggregatedField };

export interface Aggregation {
  readonly aggregator: Aggregator;
  /** The `size` biggest groups by number of events, ties by key ascending. */
  readonly groupBy?: GroupBy;
  readonly size: number;
  /** Buckets of this many milliseconds, counted from 1970; only those that hold events are answered, oldest first. */
  readonly intervalMs?: number;
}

export interface Stats {
  readonly count: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly average: number | null;
  readonly sum: number;
}

/** A number; null where there is nothing to aggregate (count, sum, rate and cardinality: 0); by percent; or stats. */
export type AggregatedValue = number | null | Readonly<Record<string, number | null>> | Stats;

export interface Bucket {
  /** Start of the interval, RFC 3339 in UTC. */
  readonly at: string;
  readonly count: number;
  readonly value: AggregatedValue;
}

export interface Group {
  readonly key: string | number | boolean;
  readonly count: number;
  readonly value: AggregatedValue;
  readonly series?: readonly Bucket[];
  /** Of the `size` biggest inner groups; without series. */
  readonly groups?: readonly Group[];
}

/** The most groups, and the most buckets of all series together, that one answer may hold. */
export const MAX_GROUPS = 1000;
export const MAX_BUCKETS = 10_000;

export type AggregationResult =
  | { readonly value: AggregatedValue }
  | { readonly groups: readonly Group[] }
  | { readonly series: readonly Bucket[] };
