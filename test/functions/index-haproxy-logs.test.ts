import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "@jest/globals";
import type { KinesisStreamEvent } from "aws-lambda";
import { PulseError } from "#core/errors.ts";
import { toSeq } from "#core/events/event-journal.ts";
import type { EventStore } from "#core/events/event-store.ts";
import type { DeadLetter } from "#core/events/index-entries.ts";
import { eventIdOf } from "#core/haproxy/logs/event-id.ts";
import { toLogRecordLine } from "#core/haproxy/logs/log-record.ts";
import { toRecordedEvent } from "#core/haproxy/logs/to-event.ts";
import { toBatch } from "#dev/journal-consumer.ts";
import { indexHaproxyLogsHandler } from "#functions/index-haproxy-logs/index-haproxy-logs.ts";
import { type BatchOutcome, toMetricLine } from "#functions/shared/metrics.ts";
import { NaiveEventStore } from "#test/stores/naive-event-store.ts";
import { RECEIVED_AT_MS } from "#test/support/samples/an-event.ts";
import { aLogLine, aReceiptRecord, httplogLine, toMember } from "#test/support/samples/log-records.ts";
import { parseHaproxyLine } from "#test/support/samples/parse-haproxy-line.ts";
import { plainEvent } from "#test/support/samples/plain-event.ts";

const SHARD = "haproxy-logs/shardId-000000000000";
const ARRIVED_MS = RECEIVED_AT_MS + 2_000;

const batchOf = (...records: Uint8Array[]): KinesisStreamEvent =>
  toBatch(
    SHARD,
    records.map((data, index) => ({ sequenceNumber: BigInt(index + 1), data, appendedAtMs: ARRIVED_MS })),
  );

let store: NaiveEventStore;
let letters: DeadLetter[];
let outcomes: BatchOutcome[];

const indexing = (into: EventStore = store) =>
  indexHaproxyLogsHandler({
    store: into,
    deadLetters: { take: async (taken) => void letters.push(...taken) },
    parse: parseHaproxyLine,
    onBatch: (outcome) => outcomes.push(outcome),
  });

beforeEach(() => {
  store = new NaiveEventStore();
  letters = [];
  outcomes = [];
});

const good = aLogLine(1, httplogLine());
const unreadable = aLogLine(2, "<134>Mar 15 12:00:00 edge-1 haproxy[9]: what is this");
const receipt = aReceiptRecord(1);

describe("log records of the stream", () => {
  test("become events, those of lines that cannot be parsed and of receipts too", async () => {
    const answer = await indexing()(batchOf(toMember(good, unreadable), toMember(receipt)));

    expect(answer).toEqual({ batchItemFailures: [] });
    for (const record of [good, unreadable, receipt])
      expect(await store.find("default", eventIdOf(record.id))).toEqual(
        plainEvent(toRecordedEvent(record, parseHaproxyLine).event),
      );
    expect((await store.position()).shards.get(SHARD)).toBe(toSeq(2, 99_999));
    expect(letters).toEqual([]);
  });

  test("are read from several gzip members of one record, one behind the other", async () => {
    await indexing()(batchOf(Buffer.concat([toMember(good), toMember(unreadable)])));

    expect(await store.find("default", eventIdOf(unreadable.id))).toBeDefined();
    expect(letters).toEqual([]);
  });

  test("that come again, in other records, make no second event", async () => {
    await indexing()(batchOf(toMember(good, unreadable), toMember(good)));
    await indexing()(batchOf(toMember(good)));

    const found = await store.search(
      { namespace: "default", tags: [], any: [], none: [], types: ["haproxy"], conditions: [] },
      { offset: 0, limit: 10 },
    );
    expect(found.total).toBe(2);
  });

  test("wait in the stream while the store is away", async () => {
    const answer = await indexing(away)(batchOf(toMember(good)));

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }] });
    expect(outcomes).toEqual([{ returned: true }]);
  });
});

const refuse = async (): Promise<never> => {
  throw new PulseError("unavailable", "not now");
};
const away = { keep: refuse, checkpoint: refuse } as Partial<EventStore> as EventStore;

describe("records of the stream that are not ours", () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  const torn = toMember(good).subarray(0, 40);

  test.each<[string, Uint8Array, RegExp]>([
    ["a gzip bomb", bomb, /more than 4194304 bytes when it is inflated/],
    ["what is no gzip", Buffer.from('{"line":"a"}\n'), /no gzip/],
    ["half of a gzip", torn, /no gzip/],
    ["a gzip with something behind it", Buffer.concat([toMember(good), Buffer.from("more")]), /no gzip/],
    ["a gzip of bytes that are no text", gzipSync(Buffer.of(0xff, 0xfe)), /cannot be read/],
  ])("go to the dead letters whole, and harm no neighbour: %s", async (_, data, reason) => {
    const answer = await indexing()(batchOf(toMember(good), data, toMember(unreadable)));

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(letters).toEqual([
      { reason: expect.stringMatching(reason), point: { shard: SHARD, seq: toSeq(2, 0) }, line: expect.any(String) },
    ]);
    expect(Buffer.from(letters[0]?.line ?? "", "base64").equals(data)).toBe(true);
    for (const { id } of [good, unreadable]) expect(await store.find("default", eventIdOf(id))).toBeDefined();
  });

  test("cost nothing else of their record: each line stands for itself, in its own place", async () => {
    const lines = [toLogRecordLine(good), '{"line":"without the rest"}\n', toLogRecordLine(unreadable)];

    await indexing()(batchOf(gzipSync(lines.join(""))));

    expect(letters).toEqual([
      {
        reason: expect.stringContaining("/id is missing"),
        point: { shard: SHARD, seq: toSeq(1, 1) },
        line: '{"line":"without the rest"}',
      },
    ]);
    for (const { id } of [good, unreadable]) expect(await store.find("default", eventIdOf(id))).toBeDefined();
  });
});

describe("the figures of a batch of log records", () => {
  test("tell lines, those that could not be parsed, and how long the oldest was on its way", async () => {
    const later = aLogLine(3, httplogLine(), { at: new Date(RECEIVED_AT_MS + 1_000).toISOString() });

    await indexing()(batchOf(toMember(later, good, unreadable), toMember(receipt), Buffer.from("no gzip")));

    const logs = { lines: 3, unparsed: 1, oldestLineMs: RECEIVED_AT_MS };
    expect(outcomes).toEqual([{ kept: 4, dead: 1, oldestArrivalMs: ARRIVED_MS, logs }]);
    const figures = JSON.parse(toMetricLine("pulse-logs", outcomes[0] as BatchOutcome, RECEIVED_AT_MS + 5_000));
    expect(figures).toMatchObject({ EventsKept: 4, DeadLetters: 1, LogLines: 3, LinesUnparsed: 1, LineLag: 5_000 });
  });

  test("tell of no line where there was none", async () => {
    await indexing()(batchOf(toMember(receipt)));

    const figures = JSON.parse(toMetricLine("pulse-logs", outcomes[0] as BatchOutcome, RECEIVED_AT_MS));
    expect(figures).toMatchObject({ EventsKept: 1 });
    expect(figures).not.toHaveProperty("LogLines");
    expect(figures).not.toHaveProperty("LineLag");
  });
});
