import { invalidInput } from "#core/errors.ts";
import type { Event } from "#core/events/event.ts";
import {
  type AggregatedField,
  type AggregatedValue,
  type Aggregation,
  type AggregationResult,
  type Aggregator,
  type Bucket,
  type Group,
  type GroupBy,
  MAX_BUCKETS,
} from "#core/events/query/aggregation.ts";
import { declarationOf, type FieldKind, scalarsOf } from "#core/events/types/event-types.ts";
import { valueNumbers } from "#core/events/values/value-numbers.ts";

type Key = Group["key"];

/** How many ranks a percentile may be away from the exact one, given how many numbers there are. */
export type RankShift = (count: number) => number;
const exactly: RankShift = () => 0;

/** What an aggregation of these events answers, by its definition. `rankShift` moves percentiles up or down. */
export function aggregateNaively(
  events: readonly Event[],
  { aggregator, groupBy, size, intervalMs }: Aggregation,
  rankShift: RankShift = exactly,
): AggregationResult {
  const aggregate = (members: readonly Event[]) => aggregated(members, aggregator, rankShift);
  const seriesOf = (members: readonly Event[], everyMs: number) => series(members, everyMs, aggregator, rankShift);

  if (groupBy === undefined) {
    if (intervalMs === undefined) return { value: aggregate(events) };
    return { series: notTooMany(seriesOf(events, intervalMs)) };
  }
  const innerOf = (members: readonly Event[]): Partial<Group> => {
    if (groupBy.by !== "tag" || groupBy.inner === undefined) return {};
    const inner: GroupBy = { by: "tag", generic: groupBy.inner };
    return aggregateNaively(members, { aggregator, groupBy: inner, size }, rankShift) as { groups: readonly Group[] };
  };
  const groups = [...grouped(events, (event) => new Set(keysOf(event, groupBy)))]
    .sort(([key, members], [otherKey, others]) => others.length - members.length || compareKeys(key, otherKey))
    .slice(0, size)
    .map(([key, members]) => ({
      key,
      count: members.length,
      value: aggregate(members),
      ...(intervalMs === undefined ? {} : { series: seriesOf(members, intervalMs) }),
      ...innerOf(members),
    }));
  notTooMany(groups.flatMap((group) => group.series ?? []));
  return { groups };
}

function notTooMany(buckets: readonly Bucket[]): readonly Bucket[] {
  if (buckets.length > MAX_BUCKETS) throw invalidInput([{ pointer: "interval", detail: "makes too many buckets" }]);
  return buckets;
}

function series(events: readonly Event[], intervalMs: number, aggregator: Aggregator, rankShift: RankShift): Bucket[] {
  const perInterval = aggregator.type === "rate" ? { ...aggregator, seconds: intervalMs / 1000 } : aggregator;
  return [...grouped(events, (event) => [Math.floor(event.timestampMs / intervalMs) * intervalMs])]
    .sort(([start], [otherStart]) => start - otherStart)
    .map(([start, members]) => ({
      at: new Date(start).toISOString(),
      count: members.length,
      value: aggregated(members, perInterval, rankShift),
    }));
}

function grouped<K>(events: readonly Event[], keys: (event: Event) => Iterable<K>): Map<K, Event[]> {
  const groups = new Map<K, Event[]>();
  for (const event of events)
    for (const key of keys(event)) {
      const members = groups.get(key);
      if (members === undefined) groups.set(key, [event]);
      else members.push(event);
    }
  return groups;
}

function keysOf(event: Event, groupBy: GroupBy): readonly Key[] {
  if (groupBy.by === "type") return [event.type];
  if (groupBy.by === "field") return valuesOf(event, groupBy.field);
  const { generic } = groupBy;
  return generic === undefined ? event.tags : event.tags.filter((tag) => tag.startsWith(`${generic}:`));
}

/** What the event holds in the field; more than one value where arrays are looked through. */
function valuesOf(event: Event, field: AggregatedField): readonly Key[] {
  const { fields } = declarationOf(event.type);
  if (field.kind === "declared") {
    if (fields === undefined || !Object.hasOwn(fields, field.name) || event.value?.[0] !== "{") return [];
    const members = JSON.parse(event.value) as Record<string, unknown>;
    return scalarsOf(fields[field.name] as FieldKind, members[field.name]);
  }
  const { number, leaves } = valueNumbers(event.value);
  if (field.kind === "number") return number === undefined ? [] : [number];
  return fields === undefined ? leaves.filter(({ path }) => path === field.path).map((leaf) => leaf.number) : [];
}

/** Text by its UTF-8 bytes, numbers by size, false before true. */
function compareKeys(one: Key, other: Key): number {
  if (typeof one === "string" && typeof other === "string") return Buffer.compare(Buffer.from(one), Buffer.from(other));
  return Number(one) - Number(other);
}

function aggregated(events: readonly Event[], aggregator: Aggregator, rankShift: RankShift): AggregatedValue {
  if (aggregator.type === "count") return events.length;
  if (aggregator.type === "rate") return events.length / aggregator.seconds;

  const values = events.flatMap((event) => valuesOf(event, aggregator.field));
  if (aggregator.type === "cardinality") return new Set(values).size;

  const numbers = (values as number[]).sort((one, other) => one - other);
  if (aggregator.type === "percentiles")
    return Object.fromEntries(
      aggregator.percents.map((percent) => [percent, percentile(numbers, percent, rankShift(numbers.length))]),
    );
  const sum = numbers.reduce((total, number) => total + number, 0);
  const average = numbers.length === 0 ? null : sum / numbers.length;
  const min = numbers[0] ?? null;
  const max = numbers.at(-1) ?? null;
  return { sum, average, min, max, stats: { count: numbers.length, min, max, average, sum } }[aggregator.type];
}

/** By linear interpolation between the two nearest ranks of the sorted numbers. */
function percentile(numbers: readonly number[], percent: number, rankShift: number): number | null {
  if (numbers.length === 0) return null;
  const last = numbers.length - 1;
  const rank = Math.min(last, Math.max(0, (percent / 100) * last + rankShift));
  const below = numbers[Math.floor(rank)] as number;
  const above = numbers[Math.ceil(rank)] as number;
  return below + (above - below) * (rank - Math.floor(rank));
}
