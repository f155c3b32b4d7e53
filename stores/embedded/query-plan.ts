import type { SQLInputValue } from "node:sqlite";
import type { FieldCondition } from "#core/events/event-filter.ts";
import type { EventQuery } from "#core/events/event-store.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/event-types.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { toHeld } from "#stores/embedded/held-fields.ts";
import type { Names, Shelf, StoredType } from "#stores/embedded/names.ts";
import {
  blocksOf,
  placesOf,
  type SliceRange,
  sizeOfCombination,
  sizeOfPlaces,
  sizeOfSets,
  sizesByTag,
  sizesOfAllTags,
  sliceOf,
  startOfSlice,
  type TagCombination,
  type TagGroup,
  type TimeRange,
  timeOf,
} from "#stores/embedded/tag-sets.ts";

/** More than RFC 3339 can name. */
const BEGINNING_MS = -8.64e15;
const END_MS = 8.64e15;

/** What a query asks of one shelf: at least one tag of each group of `all`, no tag of `none`, and the rest in SQL. */
interface ShelfPlan {
  readonly shelf: Shelf;
  /** The types that are meant. */
  readonly types: readonly StoredType[];
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
export function planQuery(names: Names, query: EventQuery): QueryPlan {
  const { fromMs = BEGINNING_MS, toMs = END_MS } = query;
  const shelves = fromMs > toMs ? [] : names.shelves().filter(({ namespace }) => namespace === query.namespace);
  return { shelves: shelves.flatMap((shelf) => planShelf(names, query, shelf) ?? []), fromMs, toMs };
}

function planShelf(names: Names, query: EventQuery, shelf: Shelf): ShelfPlan | undefined {
  const types = shelf.types.filter(({ name }) =>
    query.types.length === 0 ? name.toLowerCase() !== HAPROXY_EVENT_TYPE : query.types.includes(name),
  );
  const idsOf = (tags: readonly string[]): number[] =>
    [...new Set(tags)].flatMap((tag) => names.tagId(shelf, tag) ?? []);
  const all: TagGroup[] = query.tags.map((tag) => ({ tagIds: idsOf([tag]), disjoint: true }));
  if (query.any.length > 0) all.push({ tagIds: idsOf(query.any), disjoint: false });
  if (all.length === 0 || types.length < shelf.types.length)
    all.push({ tagIds: types.map(({ tagId }) => tagId), disjoint: true });
  if (all.some(({ tagIds }) => tagIds.length === 0)) return undefined;
  const conditions = query.conditions.flatMap((condition) => conditionClause(names, shelf, condition) ?? []);
  if (conditions.length < query.conditions.length) return undefined;
  const none = idsOf(query.none);
  const numeric = query.numeric ?? false;
  const isNarrowed = query.tags.length + query.any.length + none.length + conditions.length > 0 || numeric;
  const everything = !isNarrowed && types.length === shelf.types.length;
  return { shelf, types, all, none, numeric, conditions: joinClauses(conditions), everything };
}

/** How many events the plan means; exact. */
export function countMatching(database: EmbeddedDatabase, plan: QueryPlan): number {
  let total = 0;
  for (const part of plan.shelves) {
    const { whole, edges } = cut(database, part, plan);
    if (whole !== undefined) total += sizeOfCombination(database, combinationOf(part), whole);
    for (const edge of edges) total += scanned(database, part, edge);
  }
  return total;
}

function scanned(database: EmbeddedDatabase, part: ShelfPlan, range: TimeRange): number {
  let count = 0;
  for (const { sql, parameters } of branchesOfShelf(database, part, range))
    count += database.get<{ count: number }>(`SELECT count(*) AS count FROM tagged d WHERE ${sql}`, ...parameters)
      ?.count as number;
  return count;
}

/** Of so few the events themselves are read, sooner than the sets of all tags in the blocks they are in. */
const FEW_EVENTS = 4096;

/** How many events of the plan have each tag, or each that starts with `<generic>:`; without tags of none. */
export function countByTag(
  database: EmbeddedDatabase,
  names: Names,
  plan: QueryPlan,
  generic?: string,
): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (tag: string, count: number) => counts.set(tag, (counts.get(tag) ?? 0) + count);
  for (const part of plan.shelves) {
    const { whole, edges } = cut(database, part, plan);
    const scans = [...edges];
    if (whole !== undefined) {
      const places = part.everything ? undefined : placesOf(database, combinationOf(part), whole);
      if (places !== undefined && sizeOfPlaces(places) <= FEW_EVENTS) scans.push(timeOf(whole));
      else {
        const { shelfId } = part.shelf;
        const tags = names.tagsOf(part.shelf, generic);
        const sizes = places ? sizesByTag(database, shelfId, places, tags) : sizesOfAllTags(database, shelfId, whole);
        for (const [tagId, tag] of tags) if (sizes.has(tagId)) add(tag, sizes.get(tagId) as number);
      }
    }
    for (const scan of scans)
      for (const tag of scannedTags(database, part, scan))
        if (generic === undefined || tag.startsWith(`${generic}:`)) add(tag, 1);
  }
  return counts;
}

/** The tags of each matching event, one event after the other. */
function* scannedTags(database: EmbeddedDatabase, part: ShelfPlan, range: TimeRange): Iterable<string> {
  for (const { sql, parameters } of branchesOfShelf(database, part, range)) {
    const select = `SELECT e.tags FROM tagged d CROSS JOIN event e ON e.seq = d.seq WHERE ${sql}`;
    for (const { tags } of database.iterate<{ tags: string }>(select, ...parameters))
      yield* new Set(JSON.parse(tags) as string[]);
  }
}

const combinationOf = ({ shelf, all, none, numeric }: ShelfPlan): TagCombination => ({
  shelfId: shelf.shelfId,
  all: numeric ? [...all, { tagIds: [shelf.numericTagId], disjoint: true }] : all,
  none,
});

/** What of the range sets can tell, if anything, and what must be scanned. */
interface CutRange {
  readonly whole: SliceRange | undefined;
  readonly edges: readonly TimeRange[];
}

function cut(database: EmbeddedDatabase, { shelf, conditions }: ShelfPlan, range: TimeRange): CutRange {
  return conditions.sql === "" ? cutAtSlices(database, shelf.shelfId, range) : { whole: undefined, edges: [range] };
}

/** The slices all of whose events are in the range, and what is left over of it. */
function cutAtSlices(database: EmbeddedDatabase, shelfId: number, { fromMs, toMs }: TimeRange): CutRange {
  let first = sliceOf(fromMs);
  let last = sliceOf(toMs);
  const edges: TimeRange[] = [];
  const sql = `
    SELECT coalesce(min(oldest) < ?, 0) AS before, coalesce(max(newest) > ?, 0) AS after FROM block
    WHERE shelf_id = ? AND block BETWEEN ? AND ?`;
  const outside = (slice: number) =>
    database.get<{ before: number; after: number }>(
      sql,
      fromMs,
      toMs,
      shelfId,
      ...blocksOf({ first: slice, last: slice }),
    );

  const firstIsCut = outside(first)?.before === 1;
  const lastIsCut = outside(last)?.after === 1;
  if (firstIsCut) {
    first++;
    edges.push({ fromMs, toMs: Math.min(toMs, startOfSlice(first) - 1) });
  }
  if (lastIsCut && last >= first) edges.push({ fromMs: Math.max(fromMs, startOfSlice(last)), toMs });
  if (lastIsCut) last--;
  return { whole: first <= last ? { first, last } : undefined, edges };
}

/** Where to look: driven from the rarest tag that every match must have. */
export const branchesOf = (database: EmbeddedDatabase, plan: QueryPlan): Branch[] =>
  plan.shelves.flatMap((part) => branchesOfShelf(database, part, plan));

function branchesOfShelf(database: EmbeddedDatabase, plan: ShelfPlan, { fromMs, toMs }: TimeRange): Branch[] {
  const [driving, ...others] = rarestFirst(database, plan, { first: sliceOf(fromMs), last: sliceOf(toMs) });
  const { tagIds, disjoint } = driving as TagGroup;
  const probes = others.map((group) => probe("EXISTS", group.tagIds));
  return tagIds.map((tagId, index) => {
    // An event with several of the driving tags is a match of the first of them only.
    const none = disjoint ? plan.none : [...plan.none, ...tagIds.slice(0, index)];
    const { sql, parameters } = joinClauses([
      { sql: "d.tag_id = ? AND d.ts BETWEEN ? AND ?", parameters: [tagId, fromMs, toMs] },
      ...probes,
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

const probe = (exists: "EXISTS" | "NOT EXISTS", tagIds: readonly number[]): Clause => ({
  sql: `${exists} (SELECT 1 FROM tagged x WHERE x.tag_id IN (${marks(tagIds)}) AND x.ts = d.ts AND x.id = d.id)`,
  parameters: tagIds,
});

const marks = (values: readonly unknown[]): string => values.map(() => "?").join(", ");

const joinClauses = (clauses: readonly Clause[]): Clause => ({
  sql: clauses.flatMap(({ sql }) => (sql === "" ? [] : [sql])).join(" AND "),
  parameters: clauses.flatMap(({ parameters }) => parameters),
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
