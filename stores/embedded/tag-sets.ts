import type { EmbeddedDatabase } from "#stores/embedded/database.ts";

/*
 * Which events have a tag, as sets of bits. Time is cut into slices; the events of a shelf and a slice fill blocks of
 * 4,096 places in the order they are kept, and no place is given twice. A row of `tag_set` says which places of a block
 * have the tag, from the first byte that is not zero. Totals of any combination of tags are then ANDs over whole slices;
 * only the slices in which a time range begins or ends are scanned.
 */

/** A day: at a million events a month a slice is a few blocks, and 13 months are 400 rows of a tag. */
const SLICE_MS = 24 * 60 * 60 * 1000;
/** Half a kilobyte of bits: rows of more than one overflow their page, and to find one took three times as long. */
const BLOCK_PLACES = 4096;
const BLOCK_BYTES = BLOCK_PLACES / 8;
/** Blocks are numbered slice by slice, with room for this many in each. */
const BLOCKS_PER_SLICE = 2 ** 20;

/** Instants in milliseconds, both inclusive. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

export const sliceOf = (ms: number): number => Math.floor(ms / SLICE_MS);
export const startOfSlice = (slice: number): number => slice * SLICE_MS;

/** Slices, both inclusive. */
export interface SliceRange {
  readonly first: number;
  readonly last: number;
}

export const timeOf = ({ first, last }: SliceRange): TimeRange => ({
  fromMs: startOfSlice(first),
  toMs: startOfSlice(last + 1) - 1,
});

/** More than timestamps can name. */
export const ALL_SLICES: SliceRange = { first: sliceOf(-8.64e15), last: sliceOf(8.64e15) };

export const blocksOf = ({ first, last }: SliceRange): [number, number] => [
  first * BLOCKS_PER_SLICE,
  (last + 1) * BLOCKS_PER_SLICE - 1,
];

/** A block that has places left, or had. */
export interface Block {
  readonly block: number;
  /** How many are taken. */
  places: number;
  oldest: number;
  newest: number;
}

/** The block after `last` in its slice, or the slice's first. */
export const newBlock = (slice: number, last?: Block): Block => ({
  block: last === undefined ? slice * BLOCKS_PER_SLICE : last.block + 1,
  places: 0,
  oldest: Number.POSITIVE_INFINITY,
  newest: Number.NEGATIVE_INFINITY,
});
export const isFull = (block: Block): boolean => block.places === BLOCK_PLACES;

interface SetRow {
  readonly block: number;
  readonly tagId: number;
  readonly size: number;
  readonly start: number;
  readonly bits: Uint8Array;
}

const SELECT = "SELECT block, size, start, bits FROM tag_set WHERE shelf_id = ? AND block = ? AND tag_id = ?";
const UPSERT = "INSERT OR REPLACE INTO tag_set (shelf_id, block, tag_id, size, start, bits) VALUES (?, ?, ?, ?, ?, ?)";
const DELETE = "DELETE FROM tag_set WHERE shelf_id = ? AND block = ? AND tag_id = ?";

/** A tag's set in one block. */
export type SetKey = readonly [shelfId: number, block: number, tagId: number];

/** Adds places that are not in the set. */
export function addToSet(database: EmbeddedDatabase, key: SetKey, places: readonly number[]): void {
  const held = database.get<SetRow>(SELECT, ...key);
  let first = held?.start ?? BLOCK_BYTES;
  let last = held === undefined ? -1 : held.start + held.bits.length - 1;
  for (const place of places) {
    first = Math.min(first, place >> 3);
    last = Math.max(last, place >> 3);
  }
  const bits = new Uint8Array(last - first + 1);
  if (held !== undefined) bits.set(held.bits, held.start - first);
  for (const place of places) (bits[(place >> 3) - first] as number) |= 1 << (place & 7);
  database.run(UPSERT, ...key, (held?.size ?? 0) + places.length, first, bits);
}

/** Takes a place away that is in the set. */
export function removeFromSet(database: EmbeddedDatabase, key: SetKey, place: number): void {
  const { size, start, bits } = database.get<SetRow>(SELECT, ...key) as SetRow;
  if (size === 1) {
    database.run(DELETE, ...key);
    return;
  }
  (bits[(place >> 3) - start] as number) &= ~(1 << (place & 7));
  database.run(UPSERT, ...key, size - 1, start, bits);
}

const FROM_BLOCKS = `
  FROM block b CROSS JOIN tag_set s ON s.shelf_id = b.shelf_id AND s.block = b.block AND s.tag_id = ?
  WHERE b.shelf_id = ? AND b.block BETWEEN ? AND ?`;

/** How many events of the slices have the tag. */
export function sizeOfSet(database: EmbeddedDatabase, shelfId: number, tagId: number, slices: SliceRange): number {
  const sql = `SELECT coalesce(sum(size), 0) AS size ${FROM_BLOCKS}`;
  return database.get<{ size: number }>(sql, tagId, shelfId, ...blocksOf(slices))?.size as number;
}

/** How many events have each of the tags, added up. */
export function sizeOfSets(
  database: EmbeddedDatabase,
  shelfId: number,
  { tagIds }: TagGroup,
  slices: SliceRange,
): number {
  return tagIds.reduce((size, tagId) => size + sizeOfSet(database, shelfId, tagId, slices), 0);
}

/** Tags of which an event must have one. */
export interface TagGroup {
  readonly tagIds: readonly number[];
  /** Whether no event can have two of them, as with types. */
  readonly disjoint: boolean;
}

/** Which events of a shelf: at least one tag of each group of `all`, and no tag of `none`. */
export interface TagCombination {
  readonly shelfId: number;
  /** Not empty. */
  readonly all: readonly TagGroup[];
  readonly none: readonly number[];
}

/** How many events of the slices the combination means. */
export function sizeOfCombination(
  database: EmbeddedDatabase,
  { shelfId, all, none }: TagCombination,
  slices: SliceRange,
): number {
  const [only, ...more] = all;
  if (only?.disjoint && more.length === 0 && none.length === 0) return sizeOfSets(database, shelfId, only, slices);

  return sizeOfPlaces(placesOf(database, { shelfId, all, none }, slices));
}

/** The places of each block, as words of 32 bits. */
export type Places = ReadonlyMap<number, Uint32Array>;

const NO_PLACES = new Uint32Array(BLOCK_BYTES / 4);

/** The events of the slices that the combination means. */
export function placesOf(
  database: EmbeddedDatabase,
  { shelfId, all, none }: TagCombination,
  slices: SliceRange,
): Places {
  const unions = all.map(({ tagIds }) => unionOf(database, shelfId, tagIds, slices));
  const [smallest, ...others] = unions.sort((one, other) => one.size - other.size);
  const unwanted = unionOf(database, shelfId, none, slices);
  const places = new Map<number, Uint32Array>();
  for (const [block, words] of smallest as Places) {
    const wanted = others.map((union) => union.get(block));
    const excluded = unwanted.get(block) ?? NO_PLACES;
    if (wanted.includes(undefined)) continue;
    for (let at = 0; at < words.length; at++) {
      let word = (words[at] as number) & ~(excluded[at] as number);
      for (const other of wanted) word &= other?.[at] as number;
      words[at] = word;
    }
    places.set(block, words);
  }
  return places;
}

export function sizeOfPlaces(places: Places): number {
  let size = 0;
  for (const words of places.values()) for (const word of words) if (word !== 0) size += ones(word);
  return size;
}

/** How many events of the slices have each tag, types among them. */
export function sizesOfAllTags(database: EmbeddedDatabase, shelfId: number, slices: SliceRange): Map<number, number> {
  const sql = `
    SELECT tag_id AS tagId, sum(size) AS size FROM tag_set WHERE shelf_id = ? AND block BETWEEN ? AND ? GROUP BY tag_id`;
  const rows = database.all<{ tagId: number; size: number }>(sql, shelfId, ...blocksOf(slices));
  return new Map(rows.map(({ tagId, size }) => [tagId, size]));
}

/** So many are looked up one by one in each block; with more, all tags of the block are read. */
const FEW_TAGS = 100;

/** How many of the places have each of the tags; a tag that none has is left out. */
export function sizesByTag(
  database: EmbeddedDatabase,
  shelfId: number,
  places: Places,
  tags: ReadonlyMap<number, string>,
): Map<number, number> {
  const sql = "SELECT tag_id AS tagId, start, bits FROM tag_set WHERE shelf_id = ? AND block = ?";
  const few = tags.size <= FEW_TAGS ? [...tags.keys()] : undefined;
  const sizes = new Map<number, number>();
  const shared = new Uint32Array(BLOCK_BYTES / 4);
  const bytes = new Uint8Array(shared.buffer);
  for (const [block, words] of places) {
    const rows =
      few?.flatMap((tagId) => database.get<SetRow>(`${sql} AND tag_id = ?`, shelfId, block, tagId) ?? []) ??
      database.all<SetRow>(sql, shelfId, block);
    for (const { tagId, start, bits } of rows) {
      if (!tags.has(tagId)) continue;
      const [first, end] = [start >> 2, (start + bits.length + 3) >> 2];
      shared.fill(0, first, end);
      bytes.set(bits, start);
      let size = 0;
      for (let at = first; at < end; at++) size += ones((shared[at] as number) & (words[at] as number));
      if (size > 0) sizes.set(tagId, (sizes.get(tagId) ?? 0) + size);
    }
  }
  return sizes;
}

/** The events that have any of the tags. */
function unionOf(database: EmbeddedDatabase, shelfId: number, tagIds: readonly number[], slices: SliceRange): Places {
  const union = new Map<number, Uint32Array>();
  const sql = `SELECT s.block, start, bits ${FROM_BLOCKS}`;
  for (const tagId of tagIds) {
    for (const { block, start, bits } of database.all<SetRow>(sql, tagId, shelfId, ...blocksOf(slices))) {
      const held = union.get(block);
      const words = held ?? new Uint32Array(BLOCK_BYTES / 4);
      const bytes = new Uint8Array(words.buffer);
      if (held === undefined) bytes.set(bits, start);
      else for (let at = 0; at < bits.length; at++) (bytes[start + at] as number) |= bits[at] as number;
      union.set(block, words);
    }
  }
  return union;
}

/** How many bits are set, by adding them up in pairs, nibbles and bytes. */
function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
