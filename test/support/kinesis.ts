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
import { type JournalEntry, toSeq } from "#core/events/event-journal.ts";
import { fromJournalLine, splitRecord } from "#core/events/journal-record.ts";
import { type AwsFront, openAwsFront } from "#test/support/aws-front.ts";

const kinesalite = createRequire(import.meta.url)("kinesalite") as (options: object) => Server;

export const STREAM = "events";

/** A Kinesis of this process with one stream, whose PutRecords can be broken. */
export interface TestKinesis extends AwsFront {
  /** Speaks to it as long as it is open. */
  readonly client: KinesisClient;
  /** Every event in the stream, shard by shard in order, where it lies. */
  read(): Promise<Required<JournalEntry>[]>;
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
      const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: streamName }));
      const found = await Promise.all(Shards.map(({ ShardId }) => readShard(client, streamName, ShardId as string)));
      return found.flat();
    },
    async close() {
      client.destroy();
      await front.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function readShard(
  client: KinesisClient,
  streamName: string,
  shardId: string,
): Promise<Required<JournalEntry>[]> {
  const entries: Required<JournalEntry>[] = [];
  let { ShardIterator: iterator } = await client.send(
    new GetShardIteratorCommand({ StreamName: streamName, ShardId: shardId, ShardIteratorType: "TRIM_HORIZON" }),
  );
  for (;;) {
    const { Records = [], NextShardIterator } = await client.send(new GetRecordsCommand({ ShardIterator: iterator }));
    if (Records.length === 0) return entries;
    for (const { SequenceNumber = "", Data } of Records)
      for (const [offset, line] of splitRecord(Buffer.from(Data as Uint8Array).toString()).entries()) {
        const point = { shard: `${streamName}/${shardId}`, seq: toSeq(SequenceNumber, offset) };
        entries.push({ event: fromJournalLine(line), point });
      }
    iterator = NextShardIterator;
  }
}
