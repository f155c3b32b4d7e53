import { randomUUID } from "node:crypto";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { KinesisStreamEvent } from "aws-lambda";
import { type Clock, systemClock } from "#core/clock.ts";
import { batchesOf } from "#test/support/aws/event-source-mapping-batches.ts";
import { deliver } from "#test/support/aws/event-source-mapping-delivery.ts";
import {
  type DestinationFile,
  type Discarded,
  toDestinationFile,
} from "#test/support/aws/event-source-mapping-discarded.ts";
import { Pauses, Stopped } from "#test/support/aws/event-source-mapping-pauses.ts";
import { type MappingSettings, toRules } from "#test/support/aws/event-source-mapping-settings.ts";
import { kinesisShards, type ShardSource } from "#test/support/aws/event-source-mapping-shards.ts";

export interface ConsumerOptions {
  /** Calls the function with a batch and answers what it answers; throws when it fails. */
  readonly invoke: (batch: KinesisStreamEvent) => Promise<unknown>;
  readonly settings: MappingSettings;
  /** @default - the machine's */
  readonly clock?: Clock;
  /** Puts a file into the bucket of the on-failure destination. @default - what is given up is gone */
  readonly onFailure?: (file: DestinationFile) => Promise<void>;
  /** Told of each invocation, read and file that failed. */
  readonly onError: (error: unknown) => void;
}

export interface EventSourceMapping {
  /** Ends it after the batches that are under way; one that waits for its next try is left. */
  stop(): Promise<void>;
}

/**
 * Feeds a stream to a function as Lambda's event source mappings do, each shard by itself and parents before children.
 */
export const startEventSourceMapping = ({
  kinesis,
  streamName,
  ...consumer
}: ConsumerOptions & { readonly kinesis: KinesisClient; readonly streamName: string }): EventSourceMapping =>
  mapShards(kinesisShards(kinesis, streamName), consumer);

const READ_AGAIN_MS = 1_000;

/** The same for any source of shards. */
export function mapShards(source: ShardSource, options: ConsumerOptions): EventSourceMapping {
  const { invoke, clock = systemClock, onFailure, onError } = options;
  const rules = toRules(options.settings);
  const mappingId = randomUUID();
  const pauses = new Pauses(clock);
  const pause = (ms: number) => pauses.pause(ms);
  /** Each shard that was begun. */
  const following = new Map<string, Promise<void>>();
  const finished = new Set<string>();

  /** A file that cannot be written is not tried again, nor is its batch. */
  const discard = async (discarded: Discarded): Promise<void> =>
    onFailure?.(toDestinationFile(discarded, { mappingId, nowMs: clock.now() })).catch(onError);

  /** Reads until it succeeds. */
  async function persist<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      pauses.throwIfStopped();
      try {
        return await read();
      } catch (error) {
        onError(error);
        await pause(READ_AGAIN_MS);
      }
    }
  }

  /** Follows each shard that no unfinished parent holds up. */
  async function followReady(): Promise<void> {
    const shards = await persist(() => source.shards());
    const unfinished = new Set(shards.map(({ id }) => id).filter((id) => !finished.has(id)));
    for (const { id, parents } of shards) {
      if (following.has(id) || parents.some((parent) => unfinished.has(parent))) continue;
      following.set(id, untilStopped(follow(id)));
    }
  }

  async function follow(shardId: string): Promise<void> {
    const reader = source.open(shardId);
    const read = (limit: number) => persist(() => reader.read(limit));
    for await (const batch of batchesOf(read, rules, clock, pause))
      await deliver(batch, { rules, shardId, clock, invoke, discard, onError, pause });
    finished.add(shardId);
    await followReady();
  }

  const starting = untilStopped(followReady());
  return {
    async stop() {
      pauses.stop();
      await starting;
      await Promise.all(following.values());
    },
  };
}

const untilStopped = (work: Promise<void>): Promise<void> =>
  work.catch((error) => {
    if (!(error instanceof Stopped)) throw error;
  });
