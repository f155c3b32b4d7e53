import type { TailPage } from "#core/events/event-store.ts";
import type { Position } from "#core/events/stream/position.ts";
import { type CheckpointsRead, followsOn, type PlacedCheckpoint, toPosition } from "./checkpoints.ts";

/** A document may hold 256 KiB and more. */
const MAX_TAIL_PAGE = 200;
const SHARDS_AT_ONCE = 8;

/** What of a shard is to be read: after `from`, or from its start, up to `to`. */
export interface ShardPart {
  readonly shard: string;
  readonly from: string | undefined;
  readonly to: string;
  readonly size: number;
}

/**
 * What was kept after a position, up to the checkpoints that were read, in the order of each shard; a shard that
 * follows on others is read when those are. `readShard` reads in the order of the shard.
 */
export async function tailShards(
  read: CheckpointsRead,
  { after, limit }: { readonly after: Position; readonly limit: number },
  readShard: (part: ShardPart) => Promise<TailPage["entries"]>,
): Promise<TailPage> {
  const checkpoints = toPosition(read).shards;
  const entries: TailPage["entries"][number][] = [];
  const shards = new Map([...after.shards].filter(([shard]) => checkpoints.has(shard)));
  const isBehind = ({ shard, seq }: PlacedCheckpoint): boolean => (shards.get(shard) ?? "") < seq;
  let behind = read.checkpoints.filter(isBehind);
  while (behind.length > 0 && entries.length < limit) {
    const left = limit - entries.length;
    const ready = behind.filter((checkpoint) => !behind.some((other) => followsOn(checkpoint, other)));
    // An equal share for each, so that a busy shard does not keep the others waiting.
    const asked = ready.slice(0, Math.min(SHARDS_AT_ONCE, left));
    const size = Math.min(MAX_TAIL_PAGE, Math.floor(left / asked.length));
    const pages = await Promise.all(
      asked.map(({ shard, seq }) => readShard({ shard, from: shards.get(shard), to: seq, size })),
    );
    asked.forEach(({ shard, seq }, index) => {
      const page = pages[index] as TailPage["entries"];
      entries.push(...page);
      shards.set(shard, page.length < size ? seq : (page.at(-1)?.point.seq as string));
    });
    behind = behind.filter(isBehind);
  }
  return { entries, position: { store: read.store, shards }, caughtUp: behind.length === 0 };
}
