import type { EmbeddedDatabase } from "#stores/embedded/database.ts";

/*
 * Which events have a tag, as sets of bits. Time is cut into slices; within its type and slice an event has a place,
 * counted from 0 and never given again. A row of `tag_set` holds up to 8,192 consecutive places (a block), from its first
 * byte that is not zero. Totals of any combination of tags are then ANDs over whole slices; only the slices where a time
 * range begins or ends are scanned.
 */

/** Six hours: at a million events in a month a slice is one block, and 13 months are 1,600 rows for a tag. */
const SLICE_MS = 6 * 60 * 60 * 1000;
const BLOCK_BITS = 8192;
const BLOCK_BYTES = BLOCK_BITS / 8;
/** Blocks are numbered slice by slice, leaving room for this many in each. */
const BLOCKS_PER_SLICE = 2 ** 20;

export const sliceOf = (ms: number): number => Math.floor(ms / SLICE_MS);
export const startOfSlice = (slice: number): number => slice * SLICE_MS;

/** A place of a slice as one number. */
export const blockOf = (slice: number, place: number): number =>
  slice * BLOCKS_PER_SLICE + Math.floor(place / BLOCK_BITS);
export const bitOf = (place: number): number => place % BLOCK_BITS;

interface SetRow {
  readonly block: number;
  readonly size: number;
  readonly start: number;
  readonly bits: Uint8Array;
}

const SELECT_ONE = "SELECT block, size, start, bits FROM tag_set WHERE tag_id = ? AND block = ?";
const SELECT_RANGE = "SELECT block, size, start, bits FROM tag_set WHERE tag_id = ? AND block BETWEEN ? AND ?";
const UPSERT = "INSERT OR REPLACE INTO tag_set (tag_id, block, size, start, bits) VALUES (?, ?, ?, ?, ?)";
const DELETE = "DELETE FROM tag_set WHERE tag_id = ? AND block = ?";

/** Adds the bits, none of which may be in the set. */
export function addToSet(database: EmbeddedDatabase, tagId: number, block: number, bits: readonly number[]): void {
  const held = database.get<SetRow>(SELECT_ONE, tagId, block);
  let first = held?.start ?? BLOCK_BYTES;
  let last = held === undefined ? -1 : held.start + held.bits.length - 1;
  for (const bit of bits) {
    first = Math.min(first, bit >> 3);
    last = Math.max(last, bit >> 3);
  }
  const bytes = new Uint8Array(last - first + 1);
  if (held !== undefined) bytes.set(held.bits, held.start - first);
  for (const bit of bits) (bytes[(bit >> 3) - first] as number) |= 1 << (bit & 7);
  database.run(UPSERT, tagId, block, (held?.size ?? 0) + bits.length, first, bytes);
}

/** Takes the bits, all of which must be in the set, away. */
export function removeFromSet(database: EmbeddedDatabase, tagId: number, block: number, bits: readonly number[]): void {
  const held = database.get<SetRow>(SELECT_ONE, tagId, block);
  if (held === undefined || held.size === bits.length) {
    database.run(DELETE, tagId, block);
    return;
  }
  const bytes = held.bits;
  for (const bit of bits) (bytes[(bit >> 3) - held.start] as number) &= ~(1 << (bit & 7));
  database.run(UPSERT, tagId, block, held.size - bits.length, held.start, bytes);
}

/** Slices, both inclusive. */
export interface SliceRange {
  readonly first: number;
  readonly last: number;
}

const blocksOf = ({ first, last }: SliceRange): [number, number] => [
  first * BLOCKS_PER_SLICE,
  (last + 1) * BLOCKS_PER_SLICE - 1,
];

/** How many events of the slices have the tag. */
export function sizeOfSet(database: EmbeddedDatabase, tagId: number, slices: SliceRange): number {
  const sql = "SELECT coalesce(sum(size), 0) AS size FROM tag_set WHERE tag_id = ? AND block BETWEEN ? AND ?";
  return database.get<{ size: number }>(sql, tagId, ...blocksOf(slices))?.size as number;
}

/** Which events of a type: at least one tag of each group of `all`, and no tag of `none`. */
export interface TagCombination {
  readonly all: readonly (readonly number[])[];
  readonly none: readonly number[];
}

/** How many events of the slices the combination means. `all` must not be empty. */
export function sizeOfCombination(
  database: EmbeddedDatabase,
  { all, none }: TagCombination,
  slices: SliceRange,
): number {
  const [only, ...more] = all[0] as readonly number[];
  if (all.length === 1 && more.length === 0 && none.length === 0) return sizeOfSet(database, only as number, slices);

  const unions = all.map((tagIds) => unionOf(database, tagIds, slices)).sort((one, other) => one.size - other.size);
  const excluded = unionOf(database, none, slices);
  const [smallest, ...others] = unions as [Map<number, Uint8Array>, ...Map<number, Uint8Array>[]];
  let size = 0;
  for (const [block, bits] of smallest) {
    const required = others.map((union) => union.get(block));
    if (required.includes(undefined)) continue;
    for (const other of required)
      for (let at = 0; at < BLOCK_BYTES; at++) (bits[at] as number) &= other?.[at] as number;
    const unwanted = excluded.get(block);
    if (unwanted !== undefined)
      for (let at = 0; at < BLOCK_BYTES; at++) (bits[at] as number) &= ~(unwanted[at] as number);
    for (let at = 0; at < BLOCK_BYTES; at++) size += ONES[bits[at] as number] as number;
  }
  return size;
}

/** Block by block, the events that have any of the tags. */
function unionOf(database: EmbeddedDatabase, tagIds: readonly number[], slices: SliceRange): Map<number, Uint8Array> {
  const union = new Map<number, Uint8Array>();
  for (const tagId of tagIds) {
    for (const { block, start, bits } of database.all<SetRow>(SELECT_RANGE, tagId, ...blocksOf(slices))) {
      const held = union.get(block) ?? new Uint8Array(BLOCK_BYTES);
      for (let at = 0; at < bits.length; at++) (held[start + at] as number) |= bits[at] as number;
      union.set(block, held);
    }
  }
  return union;
}

/** How many bits of a byte are set. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);
