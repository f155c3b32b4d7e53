import { type KinesisClient, ListShardsCommand, type Shard } from "@aws-sdk/client-kinesis";

/** The shards of a stream that may hold records: those that are open, and closed ones until the stream forgets them. */
export async function listShards(kinesis: KinesisClient, streamName: string): Promise<readonly Shard[]> {
  const shards: Shard[] = [];
  let next: string | undefined;
  do {
    const page = await kinesis.send(
      new ListShardsCommand(next === undefined ? { StreamName: streamName } : { NextToken: next }),
    );
    shards.push(...(page.Shards ?? []));
    next = page.NextToken;
  } while (next !== undefined);
  return shards;
}

/** How checkpoints and positions name a shard of a stream. */
export const shardName = (streamName: string, { ShardId }: Shard): string => `${streamName}/${ShardId}`;
