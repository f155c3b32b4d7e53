import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { type Names, tagsWithin } from "#stores/embedded/names.ts";
import { branchesOfShelf, type QueryPlan, type ShelfPlan } from "#stores/embedded/query-plan.ts";
import {
  blocksOf,
  countBlocks,
  isSum,
  placesOf,
  type SliceRange,
  sizeOfCombination,
  sizeOfPlaces,
  sizeOfSets,
  sizesByTag,
  sizesOfAllTags,
  sliceOf,
  slicesOf,
  startOfSlice,
  type TagCombination,
  type TagGroup,
  type TimeRange,
  timeOf,
} from "#stores/embedded/tag-sets.ts";

/** How many events the plan means; exact. */
export function countMatching(database: EmbeddedDatabase, plan: QueryPlan): number {
  let total = 0;
  for (const part of plan.shelves) {
    const { whole, edges } = isWalked(database, part, plan) ? uncut(plan) : cutAtSlices(database, part, plan);
    if (whole !== undefined) total += sizeOfCombination(database, combinationOf(part), whole);
    for (const edge of edges) total += walked(database, part, edge);
  }
  return total;
}

/** Measured: what walking pays for a row of the rarest tag and to look another tag up, and what reading a set costs. */
const COST_US = { row: 0.1, probe: 0.5, set: 2 };

/** Whether the events of the rarest tag are walked through, for want of sets or because to read these costs more. */
export function isWalked(database: EmbeddedDatabase, part: ShelfPlan, range: TimeRange): boolean {
  const combination = combinationOf(part);
  if (part.conditions.sql !== "") return true;
  if (isSum(combination)) return false;
  const { shelfId } = part.shelf;
  const slices = slicesOf(range);
  const [rarest, ...others] = part.all as [TagGroup, ...TagGroup[]];
  const rows = sizeOfSets(database, shelfId, rarest, slices);
  const probes = countTags(others.filter(({ kind }) => kind !== "type")) + part.none.length;
  const sets = countBlocks(database, shelfId, slices) * (countTags(combination.all) + part.none.length);
  return rows * (COST_US.row + probes * COST_US.probe) < sets * COST_US.set;
}

const countTags = (groups: readonly TagGroup[]): number =>
  groups.reduce((count, { tagIds }) => count + tagIds.length, 0);

function walked(database: EmbeddedDatabase, part: ShelfPlan, range: TimeRange): number {
  let count = 0;
  for (const { sql, parameters } of branchesOfShelf(part, range))
    count += database.get<{ count: number }>(`SELECT count(*) AS count FROM tagged d WHERE ${sql}`, ...parameters)
      ?.count as number;
  return count;
}

/** Measured: to read an event for its tags costs as much as to read this many tags' sets of a block. */
const SETS_PER_EVENT = 2.5;

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
    const { whole, edges } = part.conditions.sql === "" ? cutAtSlices(database, part, plan) : uncut(plan);
    const sizes = whole && sizesFromSets(database, names, part, whole, generic);
    for (const [tag, size] of sizes ?? []) add(tag, size);
    for (const walk of whole !== undefined && sizes === undefined ? [timeOf(whole), ...edges] : edges)
      for (const tag of walkedTags(database, part, walk))
        if (generic === undefined || tag.startsWith(`${generic}:`)) add(tag, 1);
  }
  return counts;
}

/** Undefined where it costs less to read the events. */
function sizesFromSets(
  database: EmbeddedDatabase,
  names: Names,
  part: ShelfPlan,
  slices: SliceRange,
  generic: string | undefined,
): Map<string, number> | undefined {
  const { shelf, everything } = part;
  if (everything) return named(names.tagsOf(shelf, generic), sizesOfAllTags(database, shelf.shelfId, slices));
  const places = placesOf(database, combinationOf(part), slices);
  const worth = Math.ceil(sizeOfPlaces(places) * SETS_PER_EVENT);
  // Each tag has an event and a set at least, so that more tags need not be looked at.
  const { tags, size } = names.extentOf(shelf, generic, worth + 1);
  if (Math.min(size, tags * places.size) > worth) return undefined;
  return named(names.tagsOf(shelf, generic), sizesByTag(database, shelf.shelfId, places, tagsWithin(generic), tags));
}

/** Types are tags without a name, and left out. */
const named = (tags: ReadonlyMap<number, string>, sizes: ReadonlyMap<number, number>): Map<string, number> =>
  new Map(
    Array.from(tags, ([tagId, tag]): [string, number] => [tag, sizes.get(tagId) ?? 0]).filter(([, size]) => size > 0),
  );

/** The tags of each matching event, one event after the other. */
function* walkedTags(database: EmbeddedDatabase, part: ShelfPlan, range: TimeRange): Iterable<string> {
  for (const { sql, parameters } of branchesOfShelf(part, range)) {
    const select = `SELECT e.tags FROM tagged d CROSS JOIN event e ON e.seq = d.seq WHERE ${sql}`;
    for (const { tags } of database.iterate<{ tags: string }>(select, ...parameters))
      yield* new Set(JSON.parse(tags) as string[]);
  }
}

const combinationOf = ({ shelf, all, none, numeric }: ShelfPlan): TagCombination => ({
  shelfId: shelf.shelfId,
  all: numeric ? [...all, { kind: "tag", tagIds: [shelf.numericTagId] }] : all,
  none,
});

/** What of the range sets can tell, if anything, and what must be walked through. */
interface CutRange {
  readonly whole: SliceRange | undefined;
  readonly edges: readonly TimeRange[];
}

const uncut = (range: TimeRange): CutRange => ({ whole: undefined, edges: [range] });

/** The slices all of whose events are in the range, and what is left over of it. */
function cutAtSlices(database: EmbeddedDatabase, { shelf }: ShelfPlan, { fromMs, toMs }: TimeRange): CutRange {
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
      shelf.shelfId,
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
