import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type _Record as Record,
} from "@aws-sdk/client-kinesis";
import type { KinesisStreamRecord } from "aws-lambda";

export interface Shard {
  readonly id: string;
  /** The shards it was split from or merged of. */
  readonly parents: readonly string[];
}

/** A stream that a mapping reads. */
export interface ShardSource {
  readonly streamArn: string;
  shards(): Promise<readonly Shard[]>;
  /** Reads a shard from its oldest record on. */
  open(shardId: string): ShardReader;
}

export interface ShardReader {
  /**
   * The next records, none when there are none yet. A closed shard has no more
   * after these. May be repeated if it throws.
   */
  read(limit: number): Promise<{ readonly records: readonly KinesisStreamRecord[]; readonly closed: boolean }>;
}

/**
 * Records with 24 hours to live are read over and over: an iterator is good for 5 minutes, a sequence number for ever.
 */
export function kinesisShards(kinesis: KinesisClient, streamName: string): ShardSource {
  const streamArn = `arn:aws:kinesis:eu-central-1:000000000000:stream/${streamName}`;
  return {
    streamArn,
    async shards() {
      const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: streamName }));
      return Shards.map(({ ShardId, ParentShardId, AdjacentParentShardId }) => ({
        id: ShardId as string,
        parents: [ParentShardId, AdjacentParentShardId].filter((parent) => parent !== undefined),
      }));
    },
    open: (shardId) => {
      let last: string | undefined;
      let iterator: string | undefined;
      return {
        async read(limit) {
          iterator ??= await iteratorAfter(last);
          try {
            const page = await kinesis.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: limit }));
            iterator = page.NextShardIterator;
            const records = (page.Records ?? []).map((record) => toLambdaRecord(record, shardId, streamArn));
            last = records.at(-1)?.kinesis.sequenceNumber ?? last;
            return { records, closed: iterator === undefined };
          } catch (error) {
            iterator = undefined;
            throw error;
          }
        },
      };

      async function iteratorAfter(sequenceNumber: string | undefined): Promise<string> {
        const { ShardIterator } = await kinesis.send(
          new GetShardIteratorCommand({
            StreamName: streamName,
            ShardId: shardId,
            ...(sequenceNumber === undefined
              ? { ShardIteratorType: "TRIM_HORIZON" }
              : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: sequenceNumber }),
          }),
        );
        return ShardIterator as string;
      }
    },
  };
}

/** A record as Lambda gives it to a function. */
const toLambdaRecord = (record: Record, shardId: string, streamArn: string): KinesisStreamRecord => ({
  awsRegion: "eu-central-1",
  eventID: `${shardId}:${record.SequenceNumber}`,
  eventName: "aws:kinesis:record",
  eventSource: "aws:kinesis",
  eventSourceARN: streamArn,
  eventVersion: "1.0",
  invokeIdentityArn: "arn:aws:iam::000000000000:role/consumer",
  kinesis: {
    kinesisSchemaVersion: "1.0",
    partitionKey: record.PartitionKey as string,
    sequenceNumber: record.SequenceNumber as string,
    data: Buffer.from(record.Data as Uint8Array).toString("base64"),
    approximateArrivalTimestamp: (record.ApproximateArrivalTimestamp as Date).getTime() / 1000,
  },
});
