import type { SQLInputValue } from "node:sqlite";
import type { FieldCondition } from "#core/events/event-filter.ts";
import type { EventQuery } from "#core/events/event-store.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/event-types.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { toHeld } from "#stores/embedded/held-fields.ts";
import { EVERY_EVENT, type Names, NUMERIC_EVENTS, type StoredType } from "#stores/embedded/names.ts";
import { type SliceRange, sizeOfCombination, sizeOfSet, sliceOf, startOfSlice } from "#stores/embedded/tag-sets.ts";

/** Instants in milliseconds, both inclusive. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** More than RFC 3339 can name. */
const BEGINNING_MS = -8.64e15;
const END_MS = 8.64e15;

/** What a query asks of one type: at least one tag of each group of `all`, no tag of `none`, and the rest in SQL. */
interface TypePlan {
  readonly type: StoredType;
  readonly all: readonly (readonly number[])[];
  readonly none: readonly number[];
  readonly numericTagId: number | undefined;
  readonly conditions: Clause;
}

export interface QueryPlan extends TimeRange {
  readonly types: readonly TypePlan[];
}

/** A piece of SQL with the values of its question marks. */
interface Clause {
  readonly sql: string;
  readonly parameters: readonly SQLInputValue[];
}

/** Rows `d` of `tagged`, each event at most once over all branches of a plan. */
export interface Branch extends Clause {
  readonly type: StoredType;
}

/** What the query means in this store's words. A type that cannot have a matching event is left out. */
export function planQuery(names: Names, query: EventQuery): QueryPlan {
  const { fromMs = BEGINNING_MS, toMs = END_MS } = query;
  const types = typesMeant(names, query).flatMap((type) => planType(names, query, type) ?? []);
  return { types: fromMs > toMs ? [] : types, fromMs, toMs };
}

function typesMeant(names: Names, { namespace, types }: EventQuery): StoredType[] {
  const stored = names.typesOf(namespace);
  if (types.length === 0) return [...stored.values()].filter((type) => type.name.toLowerCase() !== HAPROXY_EVENT_TYPE);
  return [...new Set(types)].flatMap((type) => stored.get(type) ?? []);
}

function planType(names: Names, query: EventQuery, type: StoredType): TypePlan | undefined {
  const idsOf = (tags: readonly (string | number)[]): number[] =>
    [...new Set(tags)].flatMap((tag) => names.tagId(type.typeId, tag as string) ?? []);
  const required = query.tags.map((tag) => idsOf([tag]));
  if (query.any.length > 0) required.push(idsOf(query.any));
  if (required.length === 0) required.push(idsOf([EVERY_EVENT]));
  const numericTagId = query.numeric ? names.tagId(type.typeId, NUMERIC_EVENTS) : undefined;
  if (required.some((group) => group.length === 0) || (query.numeric && numericTagId === undefined)) return undefined;

  const clauses = query.conditions.map((condition) => conditionClause(names, type, condition));
  const conditions = joinClauses(clauses);
  return { type, all: required, none: idsOf(query.none), numericTagId, conditions };
}

/** How many events the plan means; exact. */
export function countMatching(database: EmbeddedDatabase, plan: QueryPlan): number {
  let total = 0;
  for (const type of plan.types) {
    if (type.conditions.sql !== "") {
      total += scanned(database, type, plan);
      continue;
    }
    const { whole, edges } = cutAtSlices(database, type.type.typeId, plan);
    const all = type.numericTagId === undefined ? type.all : [...type.all, [type.numericTagId]];
    if (whole.first <= whole.last) total += sizeOfCombination(database, { all, none: type.none }, whole);
    for (const edge of edges) total += scanned(database, type, edge);
  }
  return total;
}

function scanned(database: EmbeddedDatabase, type: TypePlan, range: TimeRange): number {
  let count = 0;
  for (const { sql, parameters } of branchesOfType(database, type, range))
    count += database.get<{ count: number }>(`SELECT count(*) AS count FROM tagged d WHERE ${sql}`, ...parameters)
      ?.count as number;
  return count;
}

/** The slices that are wholly in the range, counting only instants at which the type has events, and what is left over. */
function cutAtSlices(
  database: EmbeddedDatabase,
  typeId: number,
  { fromMs, toMs }: TimeRange,
): { readonly whole: SliceRange; readonly edges: readonly TimeRange[] } {
  let first = sliceOf(fromMs);
  let last = sliceOf(toMs);
  const edges: TimeRange[] = [];
  const sql = "SELECT oldest, newest FROM slice WHERE type_id = ? AND slice = ?";
  const held = (slice: number) => database.get<{ oldest: number; newest: number }>(sql, typeId, slice);

  const newest = held(last)?.newest;
  const lastIsCut = newest !== undefined && newest > toMs;
  const oldest = held(first)?.oldest;
  const firstIsCut = oldest !== undefined && oldest < fromMs;
  if (firstIsCut) {
    first++;
    edges.push({ fromMs, toMs: Math.min(toMs, startOfSlice(first) - 1) });
  }
  if (lastIsCut && last >= first) edges.push({ fromMs: Math.max(fromMs, startOfSlice(last)), toMs });
  if (lastIsCut) last--;
  return { whole: { first, last }, edges };
}

/** Where to look: driven from the rarest tag that every match must have. */
export const branchesOf = (database: EmbeddedDatabase, plan: QueryPlan): Branch[] =>
  plan.types.flatMap((type) => branchesOfType(database, type, plan));

function branchesOfType(database: EmbeddedDatabase, plan: TypePlan, { fromMs, toMs }: TimeRange): Branch[] {
  const [drivers, ...others] = rarestFirst(database, plan.all, { first: sliceOf(fromMs), last: sliceOf(toMs) });
  const probes = others.map((group) => probe("EXISTS", group));
  // An event with several of the driving tags is a match of the first of them only.
  return (drivers as readonly number[]).map((driver, index) => {
    const none = [...plan.none, ...(drivers as readonly number[]).slice(0, index)];
    const { sql, parameters } = joinClauses([
      { sql: "d.tag_id = ? AND d.ts BETWEEN ? AND ?", parameters: [driver, fromMs, toMs] },
      ...probes,
      ...(none.length === 0 ? [] : [probe("NOT EXISTS", none)]),
      ...(plan.numericTagId === undefined ? [] : [{ sql: "d.number IS NOT NULL", parameters: [] }]),
      plan.conditions,
    ]);
    return { type: plan.type, sql, parameters };
  });
}

function rarestFirst(
  database: EmbeddedDatabase,
  groups: readonly (readonly number[])[],
  slices: SliceRange,
): readonly (readonly number[])[] {
  if (groups.length === 1) return groups;
  return groups
    .map((group) => ({ group, size: group.reduce((sum, tagId) => sum + sizeOfSet(database, tagId, slices), 0) }))
    .sort((one, other) => one.size - other.size)
    .map(({ group }) => group);
}

const probe = (exists: "EXISTS" | "NOT EXISTS", tagIds: readonly number[]): Clause => ({
  sql: `${exists} (SELECT 1 FROM tagged x WHERE x.tag_id IN (${marks(tagIds)}) AND x.ts = d.ts AND x.id = d.id)`,
  parameters: tagIds,
});

const marks = (values: readonly unknown[]): string => values.map(() => "?").join(", ");

const joinClauses = (clauses: readonly Clause[]): Clause => ({
  sql: clauses.flatMap(({ sql }) => (sql === "" ? [] : [sql])).join(" AND "),
  parameters: clauses.flatMap(({ parameters }) => parameters),
});

/** The SQL function by which conditions on undeclared fields are put to the value itself. */
export const MEETS_CONDITION = "meets_condition";

function conditionClause(names: Names, type: StoredType, condition: FieldCondition): Clause {
  if (type.declaredFields === undefined || !Object.hasOwn(type.declaredFields, condition.field))
    return {
      sql: `${MEETS_CONDITION}(?, (SELECT value FROM event e WHERE e.seq = d.seq))`,
      parameters: [JSON.stringify(condition)],
    };
  const held = heldClause(condition);
  const fieldId = names.fieldId(type.typeId, condition.field) ?? null;
  return {
    sql: `EXISTS (SELECT 1 FROM field f WHERE f.field_id = ? AND f.seq = d.seq AND ${held.sql})`,
    parameters: [fieldId, ...held.parameters],
  };
}

function heldClause(condition: FieldCondition): Clause {
  if ("oneOf" in condition)
    return { sql: `f.held IN (${marks(condition.oneOf)})`, parameters: condition.oneOf.map(toHeld) };
  const bounds: Clause[] = [{ sql: "typeof(f.held) = 'real'", parameters: [] }];
  for (const [name, operator] of BOUNDS) {
    const bound = condition[name];
    if (bound !== undefined) bounds.push({ sql: `f.held ${operator} ?`, parameters: [bound] });
  }
  return joinClauses(bounds);
}

const BOUNDS = [
  ["gte", ">="],
  ["gt", ">"],
  ["lt", "<"],
  ["lte", "<="],
] as const;
