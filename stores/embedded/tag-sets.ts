import { FURTHEST_MS } from "#core/events/time/calendar.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import type { TagBounds } from "#stores/embedded/names.ts";
import {
  addPacked,
  addPlace,
  BLOCK_PLACES,
  noPlaces,
  type PackedPlaces,
  pack,
  removePlace,
  sizeOfBoth,
  sizeOfWords,
} from "#stores/embedded/packed-places.ts";

/*
 * Which events have a tag, as sets. Time is cut into slices; the events of a shelf and a slice fill blocks of 4,096
 * places in the order they are kept, and no place is given twice. A row of `tag_set` says which places of a block have
 * the tag. Totals of any combination of tags are then ANDs over whole slices; only the slices in which a time range
 * begins or ends are scanned.
 */

/** A day: at a million events a month a slice is a few blocks, and 13 months are 400 rows of a tag. */
const SLICE_MS = 24 * 60 * 60 * 1000;
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

export const slicesOf = ({ fromMs, toMs }: TimeRange): SliceRange => ({ first: sliceOf(fromMs), last: sliceOf(toMs) });

export const timeOf = ({ first, last }: SliceRange): TimeRange => ({
  fromMs: startOfSlice(first),
  toMs: startOfSlice(last + 1) - 1,
});

/** More than timestamps can name. */
export const ALL_SLICES: SliceRange = { first: sliceOf(-FURTHEST_MS), last: sliceOf(FURTHEST_MS) };

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

const SELECT = "SELECT size, start, places FROM tag_set WHERE shelf_id = ? AND block = ? AND tag_id = ?";
const UPSERT =
  "INSERT OR REPLACE INTO tag_set (shelf_id, block, tag_id, size, start, places) VALUES (?, ?, ?, ?, ?, ?)";
const RESIZE = "UPDATE tag SET size = size + ? WHERE tag_id = ?";
const DELETE = "DELETE FROM tag_set WHERE shelf_id = ? AND block = ? AND tag_id = ?";

/** A tag's set in one block. */
export type SetKey = readonly [shelfId: number, block: number, tagId: number];

/** Adds places that are not in the set. */
export function addToSet(database: EmbeddedDatabase, key: SetKey, places: readonly number[]): void {
  const words = readSet(database, key);
  for (const place of places) addPlace(words, place);
  writeSet(database, key, words);
  database.run(RESIZE, places.length, key[2]);
}

/** Takes a place away that is in the set. */
export function removeFromSet(database: EmbeddedDatabase, key: SetKey, place: number): void {
  const words = readSet(database, key);
  removePlace(words, place);
  writeSet(database, key, words);
  database.run(RESIZE, -1, key[2]);
}

function readSet(database: EmbeddedDatabase, key: SetKey): Uint32Array {
  const words = noPlaces();
  const held = database.get<PackedPlaces>(SELECT, ...key);
  if (held !== undefined) addPacked(words, held);
  return words;
}

function writeSet(database: EmbeddedDatabase, key: SetKey, words: Uint32Array): void {
  const { size, start, places } = pack(words);
  if (size === 0) database.run(DELETE, ...key);
  else database.run(UPSERT, ...key, size, start, places);
}

const FROM_BLOCKS = `
  FROM block b CROSS JOIN tag_set s ON s.shelf_id = b.shelf_id AND s.block = b.block AND s.tag_id = ?
  WHERE b.shelf_id = ? AND b.block BETWEEN ? AND ?`;

/**
 * Whether all of the shelf's blocks are in the slices: then a tag's size in them is its
 * whole size, which is kept beside its name.
 */
function holdAllBlocks(database: EmbeddedDatabase, shelfId: number, slices: SliceRange): boolean {
  const [first, last] = blocksOf(slices);
  const sql = `
    SELECT NOT EXISTS (SELECT 1 FROM block WHERE shelf_id = ?1 AND block < ?2)
      AND NOT EXISTS (SELECT 1 FROM block WHERE shelf_id = ?1 AND block > ?3) AS holdAll`;
  return database.get<{ holdAll: number }>(sql, shelfId, first, last)?.holdAll === 1;
}

/** How many events of the slices have the tag. */
export function sizeOfSet(database: EmbeddedDatabase, shelfId: number, tagId: number, slices: SliceRange): number {
  if (holdAllBlocks(database, shelfId, slices))
    return database.get<{ size: number }>("SELECT size FROM tag WHERE tag_id = ?", tagId)?.size ?? 0;
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

/** Tags of which an event must have one: a tag by itself, any of several, or types, of which each event has one. */
export interface TagGroup {
  readonly kind: "tag" | "any" | "type";
  readonly tagIds: readonly number[];
}

/** Which events of a shelf: at least one tag of each group of `all`, and no tag of `none`. */
export interface TagCombination {
  readonly shelfId: number;
  /** Not empty. */
  readonly all: readonly TagGroup[];
  readonly none: readonly number[];
}

/** Whether the combination's size is that of its tags' sets, added up: then nobody need look into them. */
export const isSum = ({ all, none }: TagCombination): boolean =>
  all.length === 1 && all[0]?.kind !== "any" && none.length === 0;

/** How many events of the slices the combination means. */
export function sizeOfCombination(database: EmbeddedDatabase, combination: TagCombination, slices: SliceRange): number {
  const { shelfId, all } = combination;
  if (isSum(combination)) return sizeOfSets(database, shelfId, all[0] as TagGroup, slices);
  return sizeOfPlaces(placesOf(database, combination, slices));
}

export function countBlocks(database: EmbeddedDatabase, shelfId: number, slices: SliceRange): number {
  const sql = "SELECT count(*) AS blocks FROM block WHERE shelf_id = ? AND block BETWEEN ? AND ?";
  return database.get<{ blocks: number }>(sql, shelfId, ...blocksOf(slices))?.blocks as number;
}

/** The places of each block, as words of 32 bits. */
export type Places = ReadonlyMap<number, Uint32Array>;

const NO_PLACES = noPlaces();

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
  for (const words of places.values()) size += sizeOfWords(words);
  return size;
}

/** How many events of the slices have each tag, types among them. */
export function sizesOfAllTags(database: EmbeddedDatabase, shelfId: number, slices: SliceRange): Map<number, number> {
  const inSlices = `
    SELECT tag_id AS tagId, sum(size) AS size FROM tag_set WHERE shelf_id = ? AND block BETWEEN ? AND ? GROUP BY tag_id`;
  const inAll = "SELECT tag_id AS tagId, size FROM tag WHERE shelf_id = ? AND size > 0";
  const rows = holdAllBlocks(database, shelfId, slices)
    ? database.all<{ tagId: number; size: number }>(inAll, shelfId)
    : database.all<{ tagId: number; size: number }>(inSlices, shelfId, ...blocksOf(slices));
  return new Map(rows.map(({ tagId, size }) => [tagId, size]));
}

/** Up to this many tags are looked up one by one in each block; with more, every tag of the block is looked at. */
const FEW_TAGS = 1000;

/**
 * How many of the places have each of the tags within the bounds; a tag that none has is left
 * out. `count` is how many tags there are.
 */
export function sizesByTag(
  database: EmbeddedDatabase,
  shelfId: number,
  places: Places,
  [low, high]: TagBounds,
  count: number,
): Map<number, number> {
  const isWithin =
    count <= FEW_TAGS
      ? "tag_id IN (SELECT tag_id FROM tag WHERE shelf_id = ?1 AND tag >= ?3 AND tag < ?4)"
      : "EXISTS (SELECT 1 FROM tag t WHERE t.tag_id = tag_set.tag_id AND t.tag >= ?3 AND t.tag < ?4)";
  const sql = `
    SELECT tag_id AS tagId, size, start, places FROM tag_set WHERE shelf_id = ?1 AND block = ?2 AND ${isWithin}`;
  const sizes = new Map<number, number>();
  for (const [block, words] of places)
    for (const row of database.iterate<SetOfTag>(sql, shelfId, block, low, high)) {
      const size = sizeOfBoth(words, row);
      if (size > 0) sizes.set(row.tagId, (sizes.get(row.tagId) ?? 0) + size);
    }
  return sizes;
}

interface SetOfTag extends PackedPlaces {
  readonly tagId: number;
}

interface SetOfBlock extends PackedPlaces {
  readonly block: number;
}

/** The events that have any of the tags. */
function unionOf(database: EmbeddedDatabase, shelfId: number, tagIds: readonly number[], slices: SliceRange): Places {
  const union = new Map<number, Uint32Array>();
  const sql = `SELECT s.block, size, start, s.places ${FROM_BLOCKS}`;
  for (const tagId of tagIds) {
    for (const row of database.all<SetOfBlock>(sql, tagId, shelfId, ...blocksOf(slices))) {
      const words = union.get(row.block) ?? noPlaces();
      addPacked(words, row);
      union.set(row.block, words);
    }
  }
  return union;
}
