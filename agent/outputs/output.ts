import type { Block } from "#agent/spool/block.ts";
import type { BatchLimits } from "#agent/spool/spool.ts";

/** What became of a block that was sent. */
export type BlockOutcome =
  /** All is taken, but for single records that will never be. */
  | { readonly kind: "delivered"; readonly refused?: readonly RefusedRecord[] }
  /** It may be taken later; what of it was taken already is not doubled by its ids. */
  | { readonly kind: "failed"; readonly reason: string; readonly retryAfterMs?: number }
  /** It will never be taken as it is: something in it, or its size, is wrong. */
  | { readonly kind: "refused"; readonly reason: string };

export interface RefusedRecord {
  /** Its place in the block, from 0. */
  readonly place: number;
  readonly reason: string;
}

/** Where blocks go. */
export interface Output {
  /** In words for people, without credentials. */
  readonly name: string;
  readonly limits: BatchLimits;
  /** Answers for each block, in order, once it is durable there or known not to be. */
  send(blocks: readonly Block[]): Promise<readonly BlockOutcome[]>;
  close(): void;
}
