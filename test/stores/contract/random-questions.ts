import type { Event } from "#core/events/event.ts";
import type { EventQuery } from "#core/events/event-store.ts";
import type { AggregatedField, Aggregation, Aggregator, GroupBy } from "#core/events/query/aggregation.ts";
import type { FieldCondition } from "#core/events/query/event-filter.ts";
import { expandTags } from "#core/events/tags.ts";
import type { Random } from "#test/support/random.ts";
import { anEvent, RECEIVED_AT_MS } from "#test/support/samples/an-event.ts";

/*
 * Small vocabularies, so that tags meet, timestamps tie, and most questions have some answer but not everything.
 */

const TAGS = ["a", "b", "c", "g:1", "g:2", "g:2:x", "h:\u00e9", "h:e\u0301", "c\u0000d", "G:1"];
const TYPES = ["event", "metrics", "health", "haproxy", "deploy", "Deploy"];
const BACKENDS = ["shop", "auth", "Zoo"];
const STATUSES = [200, 404, 503];
/** In place of a status: each of another kind than is declared. */
const ODD_STATUSES = ["200", "503", 503.5, 9_007_199_254_740_992, ["404", 503]];
const DAY_MS = 86_400_000;

/** Twelve instants: neighbours, ties of the same second, hour and day, and some before 1970. */
const INSTANTS = [0, 1, 999, 1000, 59_000, 3_599_999, 3_600_000, DAY_MS, 40 * DAY_MS, -DAY_MS]
  .map((offset) => RECEIVED_AT_MS + offset)
  .concat(-1, -DAY_MS - 1);

/** Of the two instants at which events are accepted. */
const RECEIVED_TIMES = [
  { receivedFromMs: RECEIVED_AT_MS + DAY_MS },
  { receivedToMs: RECEIVED_AT_MS },
  { receivedFromMs: RECEIVED_AT_MS, receivedToMs: RECEIVED_AT_MS },
];

/** Texts that no parse and print keeps. */
const NUMBER_TEXTS = ["1.50", "1e400", "-0", "2.5E+1"];

/** Quarters: their sums are exact in any order. */
const aNumber = (random: Random): number => random.integer(-40, 40) / 4;

function aValue(random: Random, type: string): string | undefined {
  const number = () => aNumber(random);
  if (type === "haproxy")
    return JSON.stringify({
      b: random.oneOf(BACKENDS),
      ST: random.chance(0.4) ? random.oneOf(ODD_STATUSES) : random.oneOf(STATUSES),
      ...(random.chance(0.7) && { Tt: random.integer(-1, 20) }),
      ...(random.chance(0.5) && { tls: random.chance(0.5) }),
    });
  if (random.chance(0.1)) return random.oneOf(NUMBER_TEXTS);
  const shapes: (() => unknown)[] = [
    number,
    number,
    number,
    () => random.oneOf(["up", "down", "1"]),
    () => random.chance(0.5),
    () => ({ load: number(), a: { b: number() } }),
    () => ({ load: [number(), number()], text: "x" }),
    () => [{ load: number() }, number()],
    () => undefined,
  ];
  return JSON.stringify(random.oneOf(shapes)());
}

export function aRandomEvent(random: Random, namespaces: readonly string[]): Event {
  const type = random.oneOf(TYPES);
  const value = aValue(random, type);
  const timestampMs = random.oneOf(INSTANTS);
  const timestamp = new Date(timestampMs).toISOString();
  return anEvent({
    namespace: random.oneOf(namespaces),
    type,
    tags: expandTags(["all", ...random.someOf(TAGS, 4)]),
    timestampMs,
    timestamp: random.chance(0.2) ? timestamp.replace("Z", "+00:00") : timestamp,
    receivedAtMs: RECEIVED_AT_MS + random.integer(0, 1) * DAY_MS,
    ...(value !== undefined && { value }),
  });
}

const aCondition = (random: Random): FieldCondition =>
  random.oneOf<() => FieldCondition>([
    () => ({ field: "b", oneOf: random.someOf(BACKENDS, 2) }),
    () => ({ field: "ST", oneOf: random.someOf(STATUSES, 2) }),
    () => ({ field: "ST", oneOf: ["200", "503", 503.5, true] }),
    () => ({ field: "tls", oneOf: [random.chance(0.5)] }),
    () => ({ field: "Tt", gte: random.integer(-1, 10), lt: random.integer(5, 20) }),
    () => ({ field: "ST", gt: 200, lte: 503 }),
  ])();

export function aRandomQuery(random: Random, namespaces: readonly string[]): EventQuery {
  const onlyLogs = random.chance(0.2);
  const some = (most: number) => (random.chance(0.35) ? random.someOf([...TAGS, "g", "all", "absent"], most) : []);
  return {
    namespace: random.oneOf(namespaces),
    tags: some(3),
    any: some(3),
    none: some(2),
    types: onlyLogs ? ["haproxy"] : random.chance(0.5) ? [] : random.someOf([...TYPES, "DEPLOY"], 3),
    conditions: onlyLogs && random.chance(0.6) ? [aCondition(random)] : [],
    ...(random.chance(0.3) && { fromMs: random.oneOf(INSTANTS) }),
    ...(random.chance(0.3) && { toMs: random.oneOf(INSTANTS) }),
    ...(random.chance(0.2) && { numeric: true }),
    ...(random.chance(0.1) && random.oneOf(RECEIVED_TIMES)),
  };
}

const aField = (random: Random, names: readonly string[]): AggregatedField =>
  random.oneOf<() => AggregatedField>([
    () => ({ kind: "number" }),
    () => ({ kind: "leaf", path: random.oneOf(["load", "a.b", "absent"]) }),
    () => ({ kind: "declared", name: random.oneOf(names) }),
  ])();

const anAggregator = (random: Random): Aggregator =>
  random.oneOf<() => Aggregator>([
    () => ({ type: random.oneOf(["average", "min", "max", "sum", "stats"]), field: aField(random, ["Tt", "ST"]) }),
    () => ({ type: "count" }),
    () => ({ type: "percentiles", field: aField(random, ["Tt", "ST"]), percents: [0, 12.5, 50, 99, 100] }),
    () => ({ type: "cardinality", field: aField(random, ["b", "ST", "tls"]) }),
    () => ({ type: "rate", seconds: random.oneOf([1, 60, 7200]) }),
  ])();

const aGroupBy = (random: Random): GroupBy =>
  random.oneOf<() => GroupBy>([
    () => ({ by: "type" }),
    () => ({ by: "tag" }),
    () => ({ by: "tag", generic: random.oneOf(["g", "h", "G", "g:2", "a", "absent"]) }),
    () => ({ by: "tag", generic: random.oneOf(["g", "h", "absent"]), inner: random.oneOf(["g", "h", "absent"]) }),
    () => ({ by: "field", field: aField(random, ["b", "ST", "tls"]) }),
  ])();

export const aRandomAggregation = (random: Random): Aggregation => ({
  aggregator: anAggregator(random),
  size: random.oneOf([1, 2, 5, 100]),
  ...(random.chance(0.6) && { groupBy: aGroupBy(random) }),
  ...(random.chance(0.4) && { intervalMs: random.oneOf([1000, 30_000, 3_600_000, DAY_MS]) }),
});
