import { setTimeout as sleep } from "node:timers/promises";
import {
  type KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  type Shard,
  SplitShardCommand,
} from "@aws-sdk/client-kinesis";

/** Splits a shard in its middle; answers its children once they take records. */
export async function splitShard(kinesis: KinesisClient, streamName: string, parent: Shard): Promise<readonly Shard[]> {
  const { StartingHashKey = "", EndingHashKey = "" } = parent.HashKeyRange ?? {};
  const middle = (BigInt(StartingHashKey) + BigInt(EndingHashKey)) / 2n;
  await kinesis.send(
    new SplitShardCommand({
      StreamName: streamName,
      ShardToSplit: parent.ShardId,
      NewStartingHashKey: String(middle),
    }),
  );
  return childrenOf(kinesis, streamName, parent);
}

/** Merges two neighbours; answers the shard that they have become once it takes records. */
export async function mergeShards(
  kinesis: KinesisClient,
  streamName: string,
  [one, other]: readonly Shard[],
): Promise<Shard> {
  await kinesis.send(
    new MergeShardsCommand({
      StreamName: streamName,
      ShardToMerge: one?.ShardId,
      AdjacentShardToMerge: other?.ShardId,
    }),
  );
  const [merged] = await childrenOf(kinesis, streamName, one as Shard);
  return merged as Shard;
}

export async function shardsOf(kinesis: KinesisClient, streamName: string): Promise<readonly Shard[]> {
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: streamName }));
  return Shards;
}

async function childrenOf(kinesis: KinesisClient, streamName: string, parent: Shard): Promise<readonly Shard[]> {
  for (;;) {
    const shards = await shardsOf(kinesis, streamName);
    const children = shards.filter(({ ParentShardId }) => ParentShardId === parent.ShardId);
    if (children.length > 0) return children;
    await sleep(50);
  }
}
