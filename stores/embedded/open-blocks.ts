import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { type Block, blocksOf, isFull, newBlock, sliceOf } from "#stores/embedded/tag-sets.ts";

const NEWEST = `
  SELECT block, places, oldest, newest FROM block
  WHERE shelf_id = ? AND block BETWEEN ? AND ? ORDER BY block DESC LIMIT 1`;
const SAVE = "INSERT OR REPLACE INTO block (shelf_id, block, places, oldest, newest) VALUES (?, ?, ?, ?, ?)";

/** The blocks that a batch of events fills, each read once and written once. */
export class OpenBlocks {
  readonly #database: EmbeddedDatabase;
  /** By shelf and slice. */
  readonly #open = new Map<string, { readonly shelfId: number; block: Block }>();

  constructor(database: EmbeddedDatabase) {
    this.#database = database;
  }

  /** The block in which an event of that time has the next place. */
  of(shelfId: number, ts: number): Block {
    const slice = sliceOf(ts);
    const key = `${shelfId} ${slice}`;
    let open = this.#open.get(key);
    if (open === undefined) {
      const newest = this.#database.get<Block>(NEWEST, shelfId, ...blocksOf({ first: slice, last: slice }));
      open = { shelfId, block: newest ?? newBlock(slice) };
      this.#open.set(key, open);
    }
    if (isFull(open.block)) {
      this.#save(shelfId, open.block);
      open.block = newBlock(slice, open.block);
    }
    return open.block;
  }

  /** Takes the next place for an event of that time. */
  take(block: Block, ts: number): number {
    block.oldest = Math.min(block.oldest, ts);
    block.newest = Math.max(block.newest, ts);
    return block.places++;
  }

  save(): void {
    for (const { shelfId, block } of this.#open.values()) if (block.places > 0) this.#save(shelfId, block);
  }

  #save(shelfId: number, { block, places, oldest, newest }: Block): void {
    this.#database.run(SAVE, shelfId, block, places, oldest, newest);
  }
}
