import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import type { KinesisStreamEvent } from "aws-lambda";
import { toSeq } from "#core/events/event-journal.ts";
import type { DeadLetter } from "#core/events/index-entries.ts";
import { toJournalLine } from "#core/events/records/journal-record.ts";
import { indexEventsHandler } from "#functions/index-events/index-events.ts";
import { NaiveEventStore } from "#test/stores/naive-event-store.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

const SHARD = "events/shardId-000000000000";

/** A batch as Lambda reads it from Kinesis. */
const batchOf = (...records: Uint8Array[]): KinesisStreamEvent => ({
  Records: records.map((data, index) => ({
    awsRegion: "eu-west-1",
    eventID: `shardId-000000000000:${index + 1}`,
    eventName: "aws:kinesis:record",
    eventSource: "aws:kinesis",
    eventSourceARN: "arn:aws:kinesis:eu-west-1:123456789012:stream/events",
    eventVersion: "1.0",
    invokeIdentityArn: "",
    kinesis: {
      kinesisSchemaVersion: "1.0",
      partitionKey: "-",
      sequenceNumber: String(index + 1),
      data: Buffer.from(data).toString("base64"),
      approximateArrivalTimestamp: 1,
    },
  })),
});

function indexing() {
  const store = new NaiveEventStore();
  const letters: DeadLetter[] = [];
  const handler = indexEventsHandler({ store, deadLetters: { take: async (taken) => void letters.push(...taken) } });
  return { store, letters, handler };
}

describe("records of the stream that are not ours", () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));

  test.each<[string, Uint8Array, string]>([
    ["a gzip bomb, which is not inflated", bomb, bomb.toString("base64")],
    ["bytes that are no text", Uint8Array.of(0xff, 0xfe, 0x00), Buffer.of(0xff, 0xfe, 0x00).toString("base64")],
    ["another program's JSON", Buffer.from('{"hello":"world"}\n'), '{"hello":"world"}'],
    ["half a line", Buffer.from('{"id":"'), '{"id":"'],
    ["a number", Buffer.from("42"), "42"],
    ["null", Buffer.from("null\n"), "null"],
  ])("go to the dead letters whole, and harm no neighbour: %s", async (_, data, line) => {
    const { store, letters, handler } = indexing();
    const [before, after] = [anEvent(), anEvent()];

    const answer = await handler(batchOf(Buffer.from(toJournalLine(before)), data, Buffer.from(toJournalLine(after))));

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(letters).toEqual([{ reason: expect.any(String), point: { shard: SHARD, seq: toSeq(2, 0) }, line }]);
    expect(await store.find("default", before.id)).toEqual(before);
    expect(await store.find("default", after.id)).toEqual(after);
    expect((await store.position()).shards.get(SHARD)).toBe(toSeq(3, 99_999));
  });

  test("cost nothing else of their record: each line stands for itself, in its own place", async () => {
    const { store, letters, handler } = indexing();
    const [before, after] = [anEvent(), anEvent()];

    await handler(batchOf(Buffer.from(`${toJournalLine(before)}garbage\n${toJournalLine(after)}`)));

    expect(letters.map(({ point }) => point?.seq)).toEqual([toSeq(1, 1)]);
    expect(await store.find("default", before.id)).toEqual(before);
    expect(await store.find("default", after.id)).toEqual(after);
  });

  test("a batch without records is done", async () => {
    expect(await indexing().handler({ Records: [] })).toEqual({ batchItemFailures: [] });
  });
});
