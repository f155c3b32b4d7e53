import type { SQLInputValue } from "node:sqlite";
import type { EventQuery } from "#core/events/event-store.ts";
import type { FieldCondition } from "#core/events/query/event-filter.ts";
import { FURTHEST_MS } from "#core/events/time/calendar.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/types/event-types.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { toHeld } from "#stores/embedded/held-fields.ts";
import type { Names, Shelf, StoredType } from "#stores/embedded/names.ts";
import { type SliceRange, sizeOfSets, slicesOf, type TagGroup, type TimeRange } from "#stores/embedded/tag-sets.ts";

/** More than RFC 3339 can name. */
const BEGINNING_MS = -FURTHEST_MS;
const END_MS = FURTHEST_MS;

/** What a query asks of one shelf: at least one tag of each group of `all`, no tag of `none`, and the rest in SQL. */
export interface ShelfPlan {
  readonly shelf: Shelf;
  /** The types that are meant. */
  readonly types: readonly StoredType[];
  /** The rarest first. */
  readonly all: readonly TagGroup[];
  readonly none: readonly number[];
  readonly numeric: boolean;
  readonly conditions: Clause;
  /** Whether every event of the shelf is meant, but for its time. */
  readonly everything: boolean;
}

/** A shelf that cannot have a matching event is left out. */
export interface QueryPlan extends TimeRange {
  readonly shelves: readonly ShelfPlan[];
}

/** A piece of SQL with the values of its question marks. */
interface Clause {
  readonly sql: string;
  readonly parameters: readonly SQLInputValue[];
}

/** The condition of rows `d` of `tagged`; over all branches of a plan, each event has one such row. */
export interface Branch extends Clause {
  readonly shelf: Shelf;
}

/** What the query means in this store's words. */
export function planQuery(database: EmbeddedDatabase, names: Names, query: EventQuery): QueryPlan {
  const asked = { fromMs: query.fromMs ?? BEGINNING_MS, toMs: query.toMs ?? END_MS };
  const shelves = names.shelves().filter(({ namespace }) => namespace === query.namespace);
  const plans = shelves.flatMap((shelf) => planShelf(names, query, shelf) ?? []);
  const { fromMs, toMs } = receivedTime(database, plans, query, asked);
  if (fromMs > toMs) return { shelves: [], fromMs, toMs };
  const slices = slicesOf({ fromMs, toMs });
  return { shelves: plans.map((part) => ({ ...part, all: rarestFirst(database, part, slices) })), fromMs, toMs };
}

/**
 * Narrows the time to look through, for a query by time of acceptance: an index tells the oldest and the newest of the
 * events accepted then, and what is accepted together mostly happened together.
 */
function receivedTime(
  database: EmbeddedDatabase,
  plans: readonly ShelfPlan[],
  query: EventQuery,
  { fromMs, toMs }: TimeRange,
): TimeRange {
  const bounds = receivedBounds(query);
  if (bounds === undefined || fromMs > toMs) return { fromMs, toMs };
  const types = plans.flatMap((plan) => plan.types.map(({ tagId }) => tagId));
  const found = database.get<{ oldest: number | null; newest: number | null }>(
    `SELECT min(ts) AS oldest, max(ts) AS newest FROM event WHERE type_tag_id IN (${marks(types)}) AND received BETWEEN ? AND ?`,
    ...types,
    ...bounds,
  );
  if (found?.oldest == null || found.newest === null) return { fromMs: toMs, toMs: toMs - 1 };
  return { fromMs: Math.max(fromMs, found.oldest), toMs: Math.min(toMs, found.newest) };
}

const receivedBounds = ({ receivedFromMs, receivedToMs }: EventQuery): [number, number] | undefined =>
  receivedFromMs === undefined && receivedToMs === undefined
    ? undefined
    : [receivedFromMs ?? BEGINNING_MS, receivedToMs ?? END_MS];

function planShelf(names: Names, query: EventQuery, shelf: Shelf): ShelfPlan | undefined {
  const types = shelf.types.filter(({ name }) =>
    query.types.length === 0 ? name.toLowerCase() !== HAPROXY_EVENT_TYPE : query.types.includes(name),
  );
  const idsOf = (tags: readonly string[]): number[] =>
    [...new Set(tags)].flatMap((tag) => names.tagId(shelf, tag) ?? []);
  const all: TagGroup[] = query.tags.map((tag) => ({ kind: "tag", tagIds: idsOf([tag]) }));
  if (query.any.length > 0) all.push({ kind: "any", tagIds: idsOf(query.any) });
  if (all.length === 0 || types.length < shelf.types.length)
    all.push({ kind: "type", tagIds: types.map(({ tagId }) => tagId) });
  if (all.some(({ tagIds }) => tagIds.length === 0)) return undefined;
  const conditions = query.conditions.flatMap((condition) => conditionClause(names, shelf, condition) ?? []);
  if (conditions.length < query.conditions.length) return undefined;
  const received = receivedBounds(query);
  if (received !== undefined) conditions.push(receivedClause(types, received));
  const none = idsOf(query.none);
  const numeric = query.numeric ?? false;
  const isNarrowed = query.tags.length + query.any.length + none.length + conditions.length > 0 || numeric;
  const everything = !isNarrowed && types.length === shelf.types.length;
  return { shelf, types, all, none, numeric, conditions: joinClauses(conditions), everything };
}

/** Where to look: among the events of the rarest tag that every match must have. */
export const branchesOf = (plan: QueryPlan): Branch[] => plan.shelves.flatMap((part) => branchesOfShelf(part, plan));

export function branchesOfShelf(plan: ShelfPlan, { fromMs, toMs }: TimeRange): Branch[] {
  const [{ kind, tagIds }, ...others] = plan.all as [TagGroup, ...TagGroup[]];
  return tagIds.map((tagId, index) => {
    // An event with several of the driving tags is a match of the first of them only.
    const none = kind === "any" ? [...plan.none, ...tagIds.slice(0, index)] : plan.none;
    const { sql, parameters } = joinClauses([
      { sql: "d.tag_id = ? AND d.ts BETWEEN ? AND ?", parameters: [tagId, fromMs, toMs] },
      ...others.map(hasOneOf),
      ...(none.length === 0 ? [] : [probe("NOT EXISTS", none)]),
      ...(plan.numeric ? [{ sql: "d.number IS NOT NULL", parameters: [] }] : []),
      plan.conditions,
    ]);
    return { shelf: plan.shelf, sql, parameters };
  });
}

function rarestFirst(database: EmbeddedDatabase, { shelf, all }: ShelfPlan, slices: SliceRange): readonly TagGroup[] {
  if (all.length === 1) return all;
  return all
    .map((group) => ({ group, size: sizeOfSets(database, shelf.shelfId, group, slices) }))
    .sort((one, other) => one.size - other.size)
    .map(({ group }) => group);
}

const hasOneOf = ({ kind, tagIds }: TagGroup): Clause =>
  kind === "type" ? { sql: `d.type_tag_id IN (${marks(tagIds)})`, parameters: tagIds } : probe("EXISTS", tagIds);

const probe = (exists: "EXISTS" | "NOT EXISTS", tagIds: readonly number[]): Clause => ({
  sql: `${exists} (SELECT 1 FROM tagged x WHERE x.tag_id IN (${marks(tagIds)}) AND x.ts = d.ts AND x.id = d.id)`,
  parameters: tagIds,
});

const marks = (values: readonly unknown[]): string => values.map(() => "?").join(", ");

const joinClauses = (clauses: readonly Clause[]): Clause => ({
  sql: clauses.flatMap(({ sql }) => (sql === "" ? [] : [sql])).join(" AND "),
  parameters: clauses.flatMap(({ parameters }) => parameters),
});

const receivedClause = (types: readonly StoredType[], bounds: readonly [number, number]): Clause => ({
  sql: `d.seq IN (SELECT seq FROM event WHERE type_tag_id IN (${marks(types)}) AND received BETWEEN ? AND ?)`,
  parameters: [...types.map(({ tagId }) => tagId), ...bounds],
});

/** Undefined where no event of the shelf can meet the condition. */
function conditionClause(names: Names, shelf: Shelf, condition: FieldCondition): Clause | undefined {
  if (shelf.declaredFields === undefined || !Object.hasOwn(shelf.declaredFields, condition.field)) return undefined;
  const fieldId = names.fieldId(shelf, condition.field);
  if (fieldId === undefined) return undefined;
  const held = heldClause(condition);
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
