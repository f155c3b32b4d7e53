import type { EventQuery, EventStore } from "#core/events/event-store.ts";
import { type Aggregator, type Group, MAX_GROUPS } from "#core/events/query/aggregation.ts";
import { everyEvent, type FieldCondition } from "#core/events/query/event-filter.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/types/event-types.ts";
import { type Figures, NO_TIMES, type Times, type Traffic } from "#core/workflows/traffic.ts";
import type { Window } from "#core/workflows/window.ts";

/** What is to be learnt of a window's lines. */
export interface TrafficQuestion {
  readonly namespace: string;
  readonly window: Window;
  /** Whether times are wanted too: they are five more aggregations. */
  readonly times: boolean;
  /** Whether figures of single servers are wanted. */
  readonly servers: boolean;
}

/**
 * The lines that were received in the window. A line is received when its request has ended: by the time that it
 * prints, which is the request's beginning, a slow request would belong to a window that is long over.
 */
const linesReceived = (namespace: string, { fromMs, toMs }: Window): EventQuery => ({
  ...everyEvent(namespace),
  types: [HAPROXY_EVENT_TYPE],
  receivedFromMs: fromMs,
  receivedToMs: toMs - 1,
});

export async function countLines(store: EventStore, namespace: string, window: Window): Promise<number> {
  const counted = await store.aggregate(linesReceived(namespace, window), { aggregator: { type: "count" }, size: 1 });
  return "value" in counted ? (counted.value as number) : 0;
}

/** What the lines come to, by few aggregations, however many frontends there are; of the 1,000 biggest. */
export async function readTraffic(store: EventStore, question: TrafficQuestion): Promise<Traffic> {
  const { namespace, window, times, servers } = question;
  const query = linesReceived(namespace, window);
  const traffic = new Map<string, CollectedTraffic>();
  const measures = times ? [...COUNTS, ...TIMES] : COUNTS;
  const aggregations = (servers ? ["backends", "servers"] : ["backends"]).flatMap((inner) =>
    measures.map(async ({ aggregator, condition, collect }) => {
      const conditions = condition === undefined ? [] : [condition];
      const groupBy = { by: "tag", generic: "gateways", inner } as const;
      const found = await store.aggregate({ ...query, conditions }, { aggregator, groupBy, size: MAX_GROUPS });
      for (const group of "groups" in found ? found.groups : []) {
        const frontend = getOr(traffic, nameIn(group.key), newTraffic);
        collect(frontend.all, group);
        for (const part of group.groups ?? []) collect(getOr(frontend.parts, String(part.key), newFigures), part);
      }
    }),
  );
  await Promise.all(aggregations);
  return new Map(
    Array.from(traffic, ([frontend, { all, parts }]) => [
      frontend,
      { all: toFigures(all), parts: new Map(Array.from(parts, ([tag, part]) => [tag, toFigures(part)])) },
    ]),
  );
}

const nameIn = (key: Group["key"]): string => String(key).slice("gateways:".length);

/** Figures while their parts come in. */
interface CollectedFigures {
  requests: number;
  errors: number;
  queueMs: number;
  readonly Tt: CollectedTimes;
  readonly Ta: CollectedTimes;
}

interface CollectedTimes {
  requests: number;
  times: Times;
}

interface CollectedTraffic {
  readonly all: CollectedFigures;
  readonly parts: Map<string, CollectedFigures>;
}

const newTimes = (): CollectedTimes => ({ requests: 0, times: NO_TIMES });
const newFigures = (): CollectedFigures => ({ requests: 0, errors: 0, queueMs: 0, Tt: newTimes(), Ta: newTimes() });
const newTraffic = (): CollectedTraffic => ({ all: newFigures(), parts: new Map() });

/** A frontend logs the one or the other: `Tt` in TCP mode and in Vamp's format, `Ta` in HTTP mode. */
const toFigures = ({ requests, errors, queueMs, Tt, Ta }: CollectedFigures): Figures => ({
  requests,
  errors,
  queueMs,
  times: (Ta.requests > Tt.requests ? Ta : Tt).times,
});

/** One aggregation: what it asks, of which lines, and where its answer belongs. */
interface Measure {
  readonly aggregator: Aggregator;
  readonly condition?: FieldCondition;
  collect(figures: CollectedFigures, group: Group): void;
}

const field = (name: string) => ({ kind: "declared", name }) as const;
/** HAProxy prints -1 for a phase that was not reached. */
const known = (name: string): FieldCondition => ({ field: name, gte: 0 });
const numberOf = (value: Group["value"]): number => (typeof value === "number" ? value : 0);

const COUNTS: readonly Measure[] = [
  {
    aggregator: { type: "count" },
    collect: (figures, { count }) => {
      figures.requests = count;
    },
  },
  {
    aggregator: { type: "count" },
    condition: { field: "ST", gte: 500 },
    collect: (figures, { count }) => {
      figures.errors = count;
    },
  },
];

const TIMES: readonly Measure[] = [
  {
    aggregator: { type: "average", field: field("Tw") },
    condition: known("Tw"),
    collect: (figures, { value }) => {
      figures.queueMs = numberOf(value);
    },
  },
  ...(["Tt", "Ta"] as const).flatMap((name): Measure[] => [
    {
      aggregator: { type: "average", field: field(name) },
      condition: known(name),
      collect: ({ [name]: collected }, { count, value }) => {
        collected.requests = count;
        collected.times = { ...collected.times, averageMs: numberOf(value) };
      },
    },
    {
      aggregator: { type: "percentiles", field: field(name), percents: [50, 95, 99] },
      condition: known(name),
      collect: ({ [name]: collected }, { value }) => {
        const at = value as Readonly<Record<string, number | null>>;
        const [p50Ms, p95Ms, p99Ms] = ["50", "95", "99"].map((percent) => at[percent] ?? 0) as [number, number, number];
        collected.times = { ...collected.times, p50Ms, p95Ms, p99Ms };
      },
    },
  ]),
];

function getOr<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
