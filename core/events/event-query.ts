import { type Fault, invalidInput } from "#core/errors.ts";
import type { AggregatedField, Aggregation, Aggregator, GroupBy } from "#core/events/aggregation.ts";
import { MAX_GROUPS } from "#core/events/aggregation.ts";
import { type Cursor, fromCursorText } from "#core/events/cursor.ts";
import type { FieldCondition } from "#core/events/event-filter.ts";
import type { EventQuery, PageRequest } from "#core/events/event-store.ts";
import {
  DEFAULT_EVENT_TYPES,
  declarationOf,
  type EventTypeDeclaration,
  type FieldKind,
  isEventType,
  isNumeric,
} from "#core/events/event-types.ts";
import { parseInstant, parseTimestamp, toBounds } from "#core/events/timestamps.ts";
import { quote, toFaults, toPointer } from "#core/faults.ts";
import * as z from "#core/zod.ts";

/** A query as asked, and, where it asks for numbers, of what kind. */
export interface AskedQuery {
  readonly query: EventQuery;
  readonly aggregation?: Aggregation;
}

const text = z.string({ error: (issue) => `must be a string, not ${quote(issue.input)}` });
const filled = text.check(z.minLength(1, "must not be empty"));
const oneOrMore = <Item extends z.ZodMiniType>(item: Item) =>
  z.pipe(
    z.transform((input) => (input === undefined || Array.isArray(input) ? input : [input])),
    z.optional(z.array(item).check(z.maxLength(64, "must not be more than 64"))),
  );

const typeName = text.check(
  z.refine(isEventType, {
    error: (issue) => `must be 1–100 letters, digits, "_" or "-", not ${quote(issue.input)}`,
  }),
);

const integer = (least: number, most: number) =>
  z
    .int({ error: (issue) => `must be a whole number, not ${quote(issue.input)}` })
    .check(z.minimum(least), z.maximum(most));

export const AGGREGATORS = [
  "average",
  "min",
  "max",
  "count",
  "sum",
  "percentiles",
  "cardinality",
  "stats",
  "rate",
] as const;

const aggregatorName = z.pipe(
  text.check(z.toLowerCase()),
  z.enum(AGGREGATORS, {
    error: (issue) => `must be one of ${AGGREGATORS.join(", ")}, not ${quote(issue.input)}`,
  }),
);

const INTERVAL = /^([1-9]\d{0,5})(s|m|h|d)$/;
const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** How the numbers are grouped: beside the aggregator or inside it, callers write both. */
const grouping = {
  /** A generic tag becomes a regular expression in OpenSearch, which takes 2,048 characters, escapes included. */
  groupBy: z.optional(filled.check(z.maxLength(1000, "must not be longer than 1000 characters"))),
  size: z.optional(integer(1, MAX_GROUPS)),
  interval: z.optional(
    text.check(z.regex(INTERVAL, { error: (issue) => `must be like 30s, 1m, 1h or 1d, not ${quote(issue.input)}` })),
  ),
};

const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: (issue) => `must be a string, a number or a truth value, not ${quote(issue.input)}`,
});
const bound = z.optional(z.number({ error: (issue) => `must be a number, not ${quote(issue.input)}` }));
const condition = z.union(
  [
    scalar,
    z.array(scalar).check(z.minLength(1), z.maxLength(1000)),
    z
      .strictObject({ gte: bound, gt: bound, lt: bound, lte: bound })
      .check(z.refine((range) => Object.keys(range).length > 0, "must have a bound")),
  ],
  { error: "must be a value, a list of 1 to 1000 values, or an object of gte, gt, lt, lte with numbers" },
);

const instant = z.optional(text);

export const eventQuerySchema = z
  .strictObject(
    {
      tags: oneOrMore(filled),
      any: oneOrMore(filled),
      none: oneOrMore(filled),
      type: oneOrMore(typeName),
      timestamp: z.optional(
        z.union([z.string(), z.strictObject({ gte: instant, gt: instant, lt: instant, lte: instant })], {
          error: (issue) => `must be a time, or an object of gte, gt, lt, lte with times, not ${quote(issue.input)}`,
        }),
      ),
      value: z.optional(z.record(z.string(), condition)),
      aggregator: z.optional(
        z.strictObject({
          type: aggregatorName,
          field: z.optional(filled),
          percents: z.optional(
            z.array(z.number().check(z.minimum(0), z.maximum(100))).check(z.minLength(1), z.maxLength(20)),
          ),
          ...grouping,
        }),
      ),
      ...grouping,
    },
    { error: (issue) => (issue.code === "invalid_type" ? `must be an object, not ${quote(issue.input)}` : undefined) },
  )
  .register(z.globalRegistry, { description: "Which events, and, with an aggregator, what is made of them" });

type AskedJson = z.output<typeof eventQuerySchema>;

const KNOWN_KEYS =
  "is not known: a query has tags, any, none, type, timestamp, value, aggregator, groupBy, size and interval";

/**
 * The query that a JSON body asks, given which types are declared. Throws `invalid-input` with every fault. `now` in date
 * math is `nowMs`.
 */
export function parseEventQuery(
  json: unknown,
  namespace: string,
  nowMs: number,
  declared: readonly EventTypeDeclaration[] = DEFAULT_EVENT_TYPES,
): AskedQuery {
  const result = eventQuerySchema.safeParse(json);
  if (!result.success) throw invalidInput([...toFaults(result.error, KNOWN_KEYS), ...faultsOfTime(json, nowMs)]);
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

/** What is wrong with the times of a query that has other faults already: the caller is told of all at once. */
function faultsOfTime(json: unknown, nowMs: number): Fault[] {
  const asked = eventQuerySchema.shape.timestamp.safeParse((json as { timestamp?: unknown } | null)?.timestamp);
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

/** What the types asked for declare, and the names that may stand before a path; without any they are those of all. */
interface KnownTypes {
  readonly fields: ReadonlyMap<string, FieldKind>;
  readonly names: readonly string[];
}

const whatIsKnownOf = (types: readonly string[], declared: readonly EventTypeDeclaration[]): KnownTypes => ({
  fields: new Map(types.flatMap((type) => Object.entries(declarationOf(type, declared).fields ?? {}))),
  names: types.length > 0 ? types.map((type) => type.toLowerCase()) : declared.map(({ name }) => name),
});

const DEFAULT_PERCENTS = [50, 90, 95, 99];
const DEFAULT_GROUPS = 100;

/** What an aggregation is asked of. */
interface Asking {
  readonly query: EventQuery;
  readonly known: KnownTypes;
  readonly nowMs: number;
}

function aggregationOf(asked: AskedJson, asking: Asking, faults: Fault[]): Aggregation | undefined {
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

const DEFAULT_PER_PAGE = 30;
const MAX_PER_PAGE = 1000;
/** How deep a page may lie; beyond it a cursor goes on. */
export const MAX_PAGE_DEPTH = 10_000;

/** A page as asked: by number, or by cursor. */
export interface AskedPage {
  readonly page: number;
  readonly perPage: number;
  readonly after?: Cursor | "start";
}

/** `page` and `per_page` are clamped as Vamp did (1…, 1–1000); what is not a whole number is refused. */
export function parsePage(parameters: {
  readonly page?: string | undefined;
  readonly perPage?: string | undefined;
  readonly cursor?: string | undefined;
}): AskedPage {
  const faults: Fault[] = [];
  const whole = (pointer: string, asked: string | undefined, missing: number): number => {
    if (asked === undefined) return missing;
    if (/^[+-]?\d{1,15}$/.test(asked)) return Number(asked);
    faults.push({ pointer, detail: `must be a whole number, not ${quote(asked)}` });
    return missing;
  };
  const page = Math.max(1, whole("page", parameters.page, 1));
  const perPage = Math.min(MAX_PER_PAGE, Math.max(1, whole("per_page", parameters.perPage, DEFAULT_PER_PAGE)));
  if (faults.length > 0) throw invalidInput(faults);
  if (parameters.cursor !== undefined) {
    return { page, perPage, after: parameters.cursor === "*" ? "start" : fromCursorText(parameters.cursor) };
  }
  return { page, perPage };
}

export const toPageRequest = ({ page, perPage, after }: AskedPage): PageRequest =>
  after === undefined ? { offset: (page - 1) * perPage, limit: perPage } : { after, limit: perPage };
