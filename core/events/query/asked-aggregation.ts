import type { Fault } from "#core/errors.ts";
import type { EventQuery } from "#core/events/event-store.ts";
import type { AggregatedField, Aggregation, Aggregator, GroupBy } from "#core/events/query/aggregation.ts";
import { type AskedJson, INTERVAL } from "#core/events/query/query-schema.ts";
import { declarationOf, type EventTypeDeclaration, type FieldKind } from "#core/events/types/event-types.ts";

/** What the types asked for declare, and the names that may stand before a path; without any they are those of all. */
export interface KnownTypes {
  readonly fields: ReadonlyMap<string, FieldKind>;
  readonly names: readonly string[];
}

export const whatIsKnownOf = (types: readonly string[], declared: readonly EventTypeDeclaration[]): KnownTypes => ({
  fields: new Map(types.flatMap((type) => Object.entries(declarationOf(type, declared).fields ?? {}))),
  names: types.length > 0 ? types.map((type) => type.toLowerCase()) : declared.map(({ name }) => name),
});

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DEFAULT_PERCENTS = [50, 90, 95, 99];
const DEFAULT_GROUPS = 100;

/** What an aggregation is asked of. */
export interface Asking {
  readonly query: EventQuery;
  readonly known: KnownTypes;
  readonly nowMs: number;
}

/** What is to be made of the events, if anything; `faults` gathers what is wrong with it. */
export function aggregationOf(asked: AskedJson, asking: Asking, faults: Fault[]): Aggregation | undefined {
  if (asked.aggregator === undefined) {
    for (const key of ["groupBy", "size", "interval"] as const)
      if (asked[key] !== undefined) faults.push({ pointer: `/${key}`, detail: "needs an aggregator" });
    return undefined;
  }
  const groupBy = asked.aggregator.groupBy ?? asked.groupBy;
  const interval = INTERVAL.exec(asked.aggregator.interval ?? asked.interval ?? "");
  const intervalMs = interval === null ? undefined : Number(interval[1]) * UNIT_MS[interval[2] as keyof typeof UNIT_MS];
  const isSeriesOnly = intervalMs !== undefined && groupBy === undefined;
  const aggregator = aggregatorOf(asked.aggregator, asking, isSeriesOnly, faults);
  return {
    aggregator,
    size: asked.aggregator.size ?? asked.size ?? DEFAULT_GROUPS,
    ...(groupBy === undefined ? {} : { groupBy: toGroupBy(groupBy, asking.known) }),
    ...(intervalMs === undefined ? {} : { intervalMs }),
  };
}

function aggregatorOf(
  asked: NonNullable<AskedJson["aggregator"]>,
  { query, known, nowMs }: Asking,
  isSeriesOnly: boolean,
  faults: Fault[],
): Aggregator {
  const field = toField(asked.field ?? "value", known);
  switch (asked.type) {
    case "count":
      return { type: "count" };
    case "percentiles":
      return { type: "percentiles", field, percents: asked.percents ?? DEFAULT_PERCENTS };
    case "rate": {
      if (query.fromMs === undefined && !isSeriesOnly)
        faults.push({
          pointer: "/timestamp",
          detail: "needs gte or gt: a rate is events per second over a known time",
        });
      const endMs = query.toMs === undefined ? nowMs : query.toMs + 1;
      return { type: "rate", seconds: Math.max(1, endMs - (query.fromMs ?? 0)) / 1000 };
    }
    default:
      return { type: asked.type, field };
  }
}

const TAG_OF = /^tag:(.+)$/s;

function toGroupBy(asked: string, known: KnownTypes): GroupBy {
  if (asked === "type") return { by: "type" };
  if (asked === "tag") return { by: "tag" };
  const generic = TAG_OF.exec(asked)?.[1];
  return generic === undefined ? { by: "field", field: toField(asked, known) } : { by: "tag", generic };
}

/**
 * `value` is the number itself; `value.a.b`, `a.b` and `<type>.a.b` are numbers inside objects; a type's name alone is
 * its number, as Vamp's SLAs ask. A declared field of an asked type comes first.
 */
function toField(asked: string, known: KnownTypes): AggregatedField {
  const path = withoutPrefix(asked, known);
  if (path === "") return { kind: "number" };
  return known.fields.has(path) ? { kind: "declared", name: path } : { kind: "leaf", path };
}

function withoutPrefix(asked: string, { fields, names }: KnownTypes): string {
  if (fields.has(asked)) return asked;
  const dot = asked.indexOf(".");
  const first = (dot < 0 ? asked : asked.slice(0, dot)).toLowerCase();
  if (first !== "value" && !names.includes(first)) return asked;
  return dot < 0 ? "" : asked.slice(dot + 1);
}
