import type { KinesisStreamRecord } from "aws-lambda";
import type { Clock } from "#core/clock.ts";
import type { Shard, ShardSource } from "#test/support/aws/event-source-mapping-shards.ts";

interface MemoryShard extends Shard {
  readonly records: KinesisStreamRecord[];
  closed: boolean;
}

/** A stream whose shards and records the test makes. */
export interface MemoryStream extends ShardSource {
  /** Begins a shard; its parents take no more. */
  begin(shardId: string, ...parents: readonly string[]): void;
  /** Adds a record for each text, at the clock's time. Sequence numbers are 1, 2, … over all shards. */
  put(shardId: string, ...texts: readonly string[]): void;
}

export function memoryStream(clock: Clock): MemoryStream {
  const streamArn = "arn:aws:kinesis:eu-central-1:000000000000:stream/memory";
  const shards = new Map<string, MemoryShard>();
  let sequenceNumber = 0;
  const shardOf = (id: string): MemoryShard => {
    const shard = shards.get(id);
    if (shard === undefined) throw new Error(`the stream has no shard ${id}`);
    return shard;
  };
  const toRecord = (shardId: string, text: string): KinesisStreamRecord => ({
    awsRegion: "eu-central-1",
    eventID: `${shardId}:${++sequenceNumber}`,
    eventName: "aws:kinesis:record",
    eventSource: "aws:kinesis",
    eventSourceARN: streamArn,
    eventVersion: "1.0",
    invokeIdentityArn: "",
    kinesis: {
      kinesisSchemaVersion: "1.0",
      partitionKey: "",
      sequenceNumber: String(sequenceNumber),
      data: Buffer.from(text).toString("base64"),
      approximateArrivalTimestamp: clock.now() / 1000,
    },
  });
  return {
    streamArn,
    shards: async () => [...shards.values()],
    open: (id) => {
      const { records } = shardOf(id);
      let read = 0;
      return {
        read: async (limit) => {
          const page = records.slice(read, read + limit);
          read += page.length;
          return { records: page, closed: shardOf(id).closed && read === records.length };
        },
      };
    },
    begin(id, ...parents) {
      for (const parent of parents) shardOf(parent).closed = true;
      shards.set(id, { id, parents, records: [], closed: false });
    },
    put(id, ...texts) {
      shardOf(id).records.push(...texts.map((text) => toRecord(id, text)));
    },
  };
}

/** The text that a record was put with. */
export const textOf = ({ kinesis }: KinesisStreamRecord): string => Buffer.from(kinesis.data, "base64").toString();
