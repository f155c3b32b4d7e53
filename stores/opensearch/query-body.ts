import { invalidInput } from "#core/errors.ts";
import type { EventQuery } from "#core/events/event-store.ts";
import type { EventFilter, FieldCondition } from "#core/events/query/event-filter.ts";
import {
  declarationOf,
  type EventTypeDeclaration,
  type FieldKind,
  isNumeric,
  isOfKind,
} from "#core/events/types/event-types.ts";
import { FIELDS } from "./index-templates.ts";

export type Clause = Readonly<Record<string, unknown>>;

const NOTHING: Clause = { match_none: {} };

/** The events of a filter; its namespace, and that `haproxy` must be asked for, are in the indices searched. */
export function filterBody(
  filter: EventFilter,
  declared: readonly EventTypeDeclaration[],
  more: readonly Clause[] = [],
) {
  const clauses: Clause[] = filter.tags.map((tag) => ({ term: { tags: tag } }));
  if (filter.types.length > 0) clauses.push({ terms: { type: filter.types } });
  if (filter.any.length > 0) clauses.push({ terms: { tags: filter.any } });
  for (const condition of filter.conditions) clauses.push(conditionClause(condition, filter.types, declared));
  clauses.push(...more);
  return { bool: { filter: clauses, ...(filter.none.length > 0 && { must_not: [{ terms: { tags: filter.none } }] }) } };
}

export function queryBody(query: EventQuery, declared: readonly EventTypeDeclaration[]) {
  const more: Clause[] = [];
  if (query.fromMs !== undefined || query.toMs !== undefined)
    more.push(timeRange("timestamp", query.fromMs, query.toMs));
  if (query.receivedFromMs !== undefined || query.receivedToMs !== undefined)
    more.push(timeRange("receivedAt", query.receivedFromMs, query.receivedToMs));
  if (query.numeric) more.push({ exists: { field: "number" } });
  return filterBody(query, declared, more);
}

const EARLIEST_MS = Date.parse("0000-01-01T00:00:00Z");
const LATEST_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** An instant as the `date` columns read it: their format knows years of four digits only, and nothing else is kept. */
export const toDate = (ms: number): string => new Date(Math.max(EARLIEST_MS, Math.min(LATEST_MS, ms))).toISOString();

export const timeRange = (field: string, fromMs: number | undefined, toMs?: number): Clause => ({
  range: {
    [field]: { ...(fromMs !== undefined && { gte: toDate(fromMs) }), ...(toMs !== undefined && { lte: toDate(toMs) }) },
  },
});

/** Only what a column can hold is asked of it: a word where it holds numbers would fail the whole search. */
function conditionClause(
  condition: FieldCondition,
  types: readonly string[],
  declared: readonly EventTypeDeclaration[],
): Clause {
  const kind = kindOf(condition.field, types, declared);
  if (kind === undefined) return NOTHING;
  const column = `${FIELDS}.${condition.field}`;
  if ("oneOf" in condition) return { terms: { [column]: condition.oneOf.filter((one) => isOfKind(kind, one)) } };
  if (!isNumeric(kind)) return NOTHING;
  const { field, ...bounds } = condition;
  return {
    range: { [column]: Object.fromEntries(Object.entries(bounds).map(([key, bound]) => [key, inRange(bound)])) },
  };
}

/** JSON has no infinity, and a column of whole numbers ends before a double does. Nothing is kept beyond the bound. */
const LARGEST = 2 ** 62;
const inRange = (bound: number): number => Math.max(-LARGEST, Math.min(LARGEST, bound));

/** What the types asked for declare the field to be; undefined if none declares it. */
function kindOf(
  field: string,
  types: readonly string[],
  declared: readonly EventTypeDeclaration[],
): FieldKind | undefined {
  const asked = types.length === 0 ? declared : types.map((type) => declarationOf(type, declared));
  const kinds = new Set(asked.flatMap(({ fields }) => fields?.[field] ?? []));
  if (kinds.size > 1 && ![...kinds].every(isNumeric))
    throw invalidInput([
      { pointer: field, detail: `is ${[...kinds].join(", ")} in different types; ask for one type` },
    ]);
  return kinds.values().next().value;
}
