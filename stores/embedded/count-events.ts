import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import type { Names } from "#stores/embedded/names.ts";
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
    const { whole, edges } = cut(database, part, plan);
    const scans = [...edges];
    if (whole !== undefined) {
      if (isQuicklyScanned(database, part, whole)) scans.push(timeOf(whole));
      else total += sizeOfCombination(database, combinationOf(part), whole);
    }
    for (const scan of scans) total += scanned(database, part, scan);
  }
  return total;
}

/** What a scan pays for a row of the rarest tag and for looking another tag up, and what reading a set costs. */
const COST_US = { row: 0.1, probe: 0.6, set: 1.5 };

/** Whether to walk through the rarest tag's events costs less than to read the sets of all tags. */
function isQuicklyScanned(database: EmbeddedDatabase, part: ShelfPlan, slices: SliceRange): boolean {
  const combination = combinationOf(part);
  if (isSum(combination)) return false;
  const { shelfId } = part.shelf;
  const [rarest, ...others] = part.all as [TagGroup, ...TagGroup[]];
  const rows = sizeOfSets(database, shelfId, rarest, slices);
  const probes = countTags(others.filter(({ kind }) => kind !== "type")) + part.none.length;
  const sets = countBlocks(database, shelfId, slices) * (countTags(combination.all) + part.none.length);
  return rows * (COST_US.row + probes * COST_US.probe) < sets * COST_US.set;
}

const countTags = (groups: readonly TagGroup[]): number =>
  groups.reduce((count, { tagIds }) => count + tagIds.length, 0);

function scanned(database: EmbeddedDatabase, part: ShelfPlan, range: TimeRange): number {
  let count = 0;
  for (const { sql, parameters } of branchesOfShelf(part, range))
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
