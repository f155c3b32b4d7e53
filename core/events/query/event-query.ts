import { type Fault, invalidInput } from "#core/errors.ts";
import type { EventQuery } from "#core/events/event-store.ts";
import type { Aggregation } from "#core/events/query/aggregation.ts";
import { aggregationOf, whatIsKnownOf } from "#core/events/query/asked-aggregation.ts";
import type { FieldCondition } from "#core/events/query/event-filter.ts";
import { type AskedJson, eventQuerySchema } from "#core/events/query/query-schema.ts";
import { parseInstant, parseTimestamp, toBounds } from "#core/events/time/timestamps.ts";
import {
  DEFAULT_EVENT_TYPES,
  type EventTypeDeclaration,
  type FieldKind,
  isNumeric,
} from "#core/events/types/event-types.ts";
import { quote, toFaults, toPointer } from "#core/faults.ts";

/** A query as asked, and, where it asks for numbers, of what kind. */
export interface AskedQuery {
  readonly query: EventQuery;
  readonly aggregation?: Aggregation;
}

const KNOWN_KEYS =
  "is not known: a query has tags, any, none, type, timestamp, value, aggregator, groupBy, size and interval";
/** The same of what lies inside it. */
const KNOWN_INSIDE: readonly (readonly [RegExp, string])[] = [
  [/^\/aggregator\//, "is not known: an aggregator has type, field, percents, groupBy, size and interval"],
  [/^\/timestamp\//, "is not known: a time has gte, gt, lte and lt"],
  [/^\/value\/[^/]*\//, "is not known: a range has gte, gt, lte and lt"],
];

/**
 * The query that a JSON body asks, given which types are declared. Throws `invalid-input` with
 * every fault. `now` in date math is `nowMs`.
 */
export function parseEventQuery(
  json: unknown,
  namespace: string,
  nowMs: number,
  declared: readonly EventTypeDeclaration[] = DEFAULT_EVENT_TYPES,
): AskedQuery {
  const result = eventQuerySchema().safeParse(json);
  if (!result.success) throw invalidInput([...faultsOf(result.error), ...faultsOfTime(json, nowMs)]);
  const asked = result.data;
  const faults: Fault[] = [];
  const bounds = boundsOf(asked.timestamp, nowMs, faults);
  const types = asked.type ?? [];
  const known = whatIsKnownOf(types, declared);
  const query: EventQuery = {
    namespace,
    tags: asked.tags ?? [],
    any: asked.any ?? [],
    none: asked.none ?? [],
    types,
    conditions: conditionsOf(asked.value, known.fields, faults),
    ...bounds,
  };
  const aggregation = aggregationOf(asked, { query, known, nowMs }, faults);
  if (faults.length > 0) throw invalidInput(faults);
  return { query, ...(aggregation === undefined ? {} : { aggregation }) };
}

const faultsOf = (error: Parameters<typeof toFaults>[0]): Fault[] =>
  toFaults(error, KNOWN_KEYS).map(({ pointer, detail }) => ({
    pointer,
    detail: detail === KNOWN_KEYS ? (KNOWN_INSIDE.find(([inside]) => inside.test(pointer))?.[1] ?? detail) : detail,
  }));

/** What is wrong with the times of a query that has other faults already: the caller is told of all at once. */
function faultsOfTime(json: unknown, nowMs: number): Fault[] {
  const asked = eventQuerySchema().shape.timestamp.safeParse((json as { timestamp?: unknown } | null)?.timestamp);
  const faults: Fault[] = [];
  if (asked.success) boundsOf(asked.data, nowMs, faults);
  return faults;
}

function boundsOf(asked: AskedJson["timestamp"], nowMs: number, faults: Fault[]): { fromMs?: number; toMs?: number } {
  if (asked === undefined) return {};
  if (typeof asked === "string") {
    const exactMs = parseTimestamp(asked) ?? parseInstant(asked, "down", nowMs);
    if (exactMs !== undefined) return { fromMs: exactMs, toMs: exactMs };
  }
  const bounds = toBounds(typeof asked === "string" ? { gte: asked } : asked, nowMs);
  if (!("faults" in bounds)) return bounds;
  for (const { pointer, detail } of bounds.faults)
    faults.push({ pointer: typeof asked === "string" ? "/timestamp" : `/timestamp${pointer}`, detail });
  return {};
}

function conditionsOf(
  asked: AskedJson["value"],
  declared: ReadonlyMap<string, FieldKind>,
  faults: Fault[],
): FieldCondition[] {
  const conditions: FieldCondition[] = [];
  for (const [field, wanted] of Object.entries(asked ?? {})) {
    const pointer = toPointer(["value", field]);
    const kind = declared.get(field);
    if (kind === undefined) {
      const known =
        declared.size === 0 ? "ask for a type that declares fields, like haproxy" : [...declared.keys()].join(", ");
      faults.push({ pointer, detail: `is not a declared field of the type: ${known}` });
    } else if (typeof wanted === "object" && !Array.isArray(wanted)) {
      const range = Object.fromEntries(Object.entries(wanted).filter(([, limit]) => limit !== undefined));
      if (isNumeric(kind)) conditions.push({ field, ...range });
      else faults.push({ pointer, detail: `is a ${kind}, only numbers have ranges` });
    } else {
      const oneOf = Array.isArray(wanted) ? wanted : [wanted];
      const expected = isNumeric(kind) ? "number" : kind === "boolean" ? "boolean" : "string";
      const wrong = oneOf.find((one) => typeof one !== expected);
      if (wrong !== undefined) faults.push({ pointer, detail: `must be a ${expected}, not ${quote(wrong)}` });
      else conditions.push({ field, oneOf });
    }
  }
  return conditions;
}
