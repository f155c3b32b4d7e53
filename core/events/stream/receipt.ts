import { invalidInput } from "#core/errors.ts";
import type { JournalPoint } from "#core/events/event-journal.ts";
import { fromPositionText, type Position, toPositionText } from "#core/events/stream/position.ts";

const RECEIPT = "receipt";

/** `Pulse-Receipt`: of each shard that a write went to, the last point. For queries that must see the write. */
export function toReceiptText(points: readonly JournalPoint[], namespace: string, atMs: number): string {
  const shards = new Map<string, string>();
  for (const { shard, seq } of points) {
    const known = shards.get(shard);
    if (known === undefined || known < seq) shards.set(shard, seq);
  }
  return toPositionText({ position: { store: RECEIPT, shards }, namespace, atMs });
}

/** The last points of a write, by shard. Throws `invalid-input` for what is no receipt. */
export function fromReceiptText(text: string): ReadonlyMap<string, string> {
  const token = fromPositionText(text);
  if (token !== undefined && isReceipt(token.position)) return token.position.shards;
  throw invalidInput([{ pointer: "after", detail: "is not a receipt: take the Pulse-Receipt of a POST" }]);
}

export const isReceipt = ({ store }: Position): boolean => store === RECEIPT;

/** Whether a store at this position shows the write. */
export function hasReached(position: Position, write: ReadonlyMap<string, string>): boolean {
  for (const [shard, seq] of write) {
    const checkpoint = position.shards.get(shard);
    if (checkpoint === undefined || checkpoint < seq) return false;
  }
  return true;
}
