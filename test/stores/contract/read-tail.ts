import { expect } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import type { EventStore, TailPage } from "#core/events/event-store.ts";
import type { EventFilter } from "#core/events/query/event-filter.ts";
import type { Position } from "#core/events/stream/position.ts";

/** More pages than any check needs: a tail that never catches up fails instead of running for ever. */
const MAX_PAGES = 5_000;

export interface TailRead {
  /** Per shard, its entries in the order they came. */
  readonly shards: ReadonlyMap<string, TailPage["entries"]>;
  readonly events: readonly Event[];
  readonly position: Position;
}

/**
 * Reads page after page until caught up, and expects on the way that no page is larger than asked for, that positions
 * only move forward, and that each but the last does.
 */
export async function readTail(
  store: EventStore,
  filter: EventFilter,
  after: Position,
  limit: number,
  receivedFromMs?: number,
): Promise<TailRead> {
  const entries: TailPage["entries"][number][] = [];
  let position = after;
  for (let pages = 1; ; pages++) {
    const page = await store.tail(filter, position, limit, receivedFromMs);
    entries.push(...page.entries);
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    const moved = expectNotBehind(page.position, position);
    position = page.position;
    if (page.caughtUp) break;
    expect({ caughtUp: false, moved }).toEqual({ caughtUp: false, moved: true });
    expect(pages).toBeLessThan(MAX_PAGES);
  }
  return {
    shards: Map.groupBy(entries, ({ point }) => point.shard),
    events: entries.map(({ event }) => event),
    position,
  };
}

/** Whether the later position is ahead in any shard; fails where it is behind in one that still has a checkpoint. */
function expectNotBehind(later: Position, earlier: Position): boolean {
  for (const [shard, seq] of earlier.shards) {
    const seqNow = later.shards.get(shard) ?? seq;
    expect(seqNow >= seq ? "not behind" : `${shard} went from ${seq} back to ${seqNow}`).toBe("not behind");
  }
  return [...later.shards].some(([shard, seq]) => seq > (earlier.shards.get(shard) ?? ""));
}
