import type { Clock } from "#core/clock.ts";
import { POSITION_LIFETIME_MS } from "#core/events/follow-events.ts";
import { log } from "#functions/shared/log.ts";
import type { OpenSearchEventStore } from "#stores/opensearch/opensearch-event-store.ts";

export interface ForgetShardsOptions {
  readonly store: Pick<OpenSearchEventStore, "shardsAtRestSince" | "forgetShard">;
  /** The names of the shards that a stream has now, closed ones that still hold records among them. */
  readonly shardsOf: (streamName: string) => Promise<ReadonlySet<string>>;
  /** Of the journal. */
  readonly streamNames: readonly string[];
  readonly clock: Clock;
}

/**
 * Removes the checkpoints of shards that their stream has closed and forgotten: every position names each of them until
 * then. Once a day is often enough. A shard that rests but is there keeps its checkpoint.
 */
export const forgetShardsHandler =
  ({ store, shardsOf, streamNames, clock }: ForgetShardsOptions) =>
  async (): Promise<void> => {
    // First the checkpoints, then the streams: a shard that began in between is in its stream, and not among these.
    const atRest = await store.shardsAtRestSince(clock.now() - POSITION_LIFETIME_MS);
    for (const streamName of streamNames) {
      const candidates = atRest.filter((shard) => shard.startsWith(`${streamName}/`));
      if (candidates.length === 0) continue;
      const known = await shardsOf(streamName);
      for (const shard of candidates) {
        if (known.has(shard)) continue;
        await store.forgetShard(shard);
        log.info("forgot a shard that the stream no longer has", { shard });
      }
    }
  };
