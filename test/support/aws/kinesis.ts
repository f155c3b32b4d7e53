import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { type JournalEntry, type JournalPoint, toSeq } from "#core/events/event-journal.ts";
import { fromJournalLine, splitRecord } from "#core/events/records/journal-record.ts";
import { type AwsFront, openAwsFront } from "#test/support/aws/aws-front.ts";

const kinesalite = createRequire(import.meta.url)("kinesalite") as (options: object) => Server;

export const STREAM = "events";

/** A Kinesis of this process with one stream, whose PutRecords can be broken. */
export interface TestKinesis extends AwsFront {
  /** Speaks to it as long as it is open. */
  readonly client: KinesisClient;
  /** Every event in the stream, shard by shard in order, where it lies. */
  read(): Promise<(JournalEntry & { readonly point: JournalPoint })[]>;
}

export async function openKinesis(shards = 2, streamName = STREAM): Promise<TestKinesis> {
  const server = kinesalite({ createStreamMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const front = await openAwsFront(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, "PutRecords");
  const client = new KinesisClient({ ...front.config, requestHandler: new NodeHttpHandler() });
  await client.send(new CreateStreamCommand({ StreamName: streamName, ShardCount: shards }));
  return {
    ...front,
    client,
    async read() {
      const records = await readRecords(client, streamName);
      return records.flatMap(({ shard, sequenceNumber, data }) =>
        splitRecord(data.toString()).map((line, offset) => ({
          event: fromJournalLine(line),
          point: { shard, seq: toSeq(sequenceNumber, offset) },
        })),
      );
    },
    async close() {
      client.destroy();
      await front.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A record as it lies in its stream. */
export interface HeldRecord {
  readonly shard: string;
  readonly sequenceNumber: string;
  readonly data: Buffer;
}

/** All that a stream holds, shard by shard in order. */
export async function readRecords(client: KinesisClient, streamName: string): Promise<HeldRecord[]> {
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: streamName }));
  const found = await Promise.all(Shards.map(({ ShardId }) => readShard(client, streamName, ShardId as string)));
  return found.flat();
}

async function readShard(client: KinesisClient, streamName: string, shardId: string): Promise<HeldRecord[]> {
  const records: HeldRecord[] = [];
  let { ShardIterator: iterator } = await client.send(
    new GetShardIteratorCommand({ StreamName: streamName, ShardId: shardId, ShardIteratorType: "TRIM_HORIZON" }),
  );
  for (;;) {
    const { Records = [], NextShardIterator } = await client.send(new GetRecordsCommand({ ShardIterator: iterator }));
    if (Records.length === 0) return records;
    for (const { SequenceNumber: sequenceNumber = "", Data } of Records)
      records.push({ shard: `${streamName}/${shardId}`, sequenceNumber, data: Buffer.from(Data as Uint8Array) });
    iterator = NextShardIterator;
  }
}
