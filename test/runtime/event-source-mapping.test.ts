import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { KinesisStreamEvent } from "aws-lambda";
import { memoryStream, textOf } from "#test/runtime/memory-stream.ts";
import { type ConsumerOptions, type EventSourceMapping, mapShards } from "#test/support/aws/event-source-mapping.ts";
import type { DestinationFile } from "#test/support/aws/event-source-mapping-discarded.ts";
import type { MappingSettings } from "#test/support/aws/event-source-mapping-settings.ts";
import { ManualClock } from "#test/support/memory/manual-clock.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** What the function does with a batch; records are told by their texts. */
type Consume = (texts: readonly string[], batch: KinesisStreamEvent) => Promise<unknown> | unknown;

describe("an event source mapping", () => {
  let clock: ManualClock;
  let stream: ReturnType<typeof memoryStream>;
  let mapping: EventSourceMapping | undefined;
  /** The batches that the function was called with, as texts. */
  let batches: string[][];
  let files: DestinationFile[];
  let errors: unknown[];

  beforeEach(() => {
    clock = new ManualClock();
    stream = memoryStream(clock);
    stream.begin("shard-0");
    batches = [];
    files = [];
    errors = [];
  });
  afterEach(async () => {
    await mapping?.stop();
    mapping = undefined;
  });

  /** Maps the stream to a function, and lets it come to rest. */
  const map = async (settings: MappingSettings, consume: Consume = () => {}, more: Partial<ConsumerOptions> = {}) => {
    mapping = mapShards(stream, {
      settings,
      clock,
      onError: (error) => errors.push(error),
      onFailure: async (file) => void files.push(file),
      invoke: async (batch) => {
        const texts = batch.Records.map(textOf);
        batches.push(texts);
        return consume(texts, batch);
      },
      ...more,
    });
    await clock.pass(0);
  };

  const failing = (...failed: readonly unknown[]) => ({
    batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })),
  });
  const PARTIAL = { FunctionResponseTypes: ["ReportBatchItemFailures"] };

  describe("makes batches", () => {
    test("of at most so many records, in order, from the oldest on", async () => {
      stream.put("shard-0", "a", "b", "c", "d", "e");

      await map({ BatchSize: 2 });

      expect(batches).toEqual([["a", "b"], ["c", "d"], ["e"]]);
    });

    test("of a shard one at a time", async () => {
      stream.put("shard-0", "a", "b");
      const { promise, resolve } = Promise.withResolvers<void>();
      await map({ BatchSize: 1 }, () => promise);

      await clock.pass(MINUTE);
      expect(batches).toEqual([["a"]]);
      resolve();
      await clock.pass(0);

      expect(batches).toEqual([["a"], ["b"]]);
    });

    test("of each shard by itself: one that is held up holds up no other", async () => {
      stream.begin("shard-1");
      stream.put("shard-0", "stuck");
      stream.put("shard-1", "a", "b");

      await map({ BatchSize: 1 }, ([text]) => text === "stuck" && new Promise(() => {}));

      expect(batches.flat().sort()).toEqual(["a", "b", "stuck"]);
      // It would wait for the invocation that never ends.
      mapping = undefined;
    });

    test("that are not full only when the window is over, and full ones at once", async () => {
      await map({ BatchSize: 3, MaximumBatchingWindowInSeconds: 5 });
      stream.put("shard-0", "a");
      await clock.pass(2 * SECOND);
      stream.put("shard-0", "b");
      await clock.pass(2 * SECOND);
      expect(batches).toEqual([]);

      await clock.pass(2 * SECOND);
      expect(batches).toEqual([["a", "b"]]);

      stream.put("shard-0", "c");
      await clock.pass(1 * SECOND);
      stream.put("shard-0", "d", "e", "f");
      await clock.pass(1 * SECOND);
      expect(batches).toEqual([
        ["a", "b"],
        ["c", "d", "e"],
      ]);
    });

    test("of at most 6 MB", async () => {
      const large = "x".repeat(2 * 1024 * 1024);
      stream.put("shard-0", large, large, large);

      await map({ BatchSize: 100 });

      expect(batches.map((batch) => batch.length)).toEqual([2, 1]);
    });

    test("that say where each record comes from", async () => {
      stream.put("shard-0", "a");

      await map({}, (_, { Records: [record] }) => {
        expect(record).toMatchObject({
          eventID: "shard-0:1",
          eventSourceARN: stream.streamArn,
          kinesis: { sequenceNumber: "1", data: btoa("a"), approximateArrivalTimestamp: clock.now() / 1000 },
        });
      });

      expect(batches).toHaveLength(1);
      expect(errors).toEqual([]);
    });
  });

  describe("takes a batch for done", () => {
    test.each([
      ["nothing", undefined],
      ["null", null],
      ["an empty object", {}],
      ["no list of failures", { batchItemFailures: null }],
      ["an empty list of failures", failing()],
    ])("when the function answers %s", async (_, answer) => {
      stream.put("shard-0", "a", "b");

      await map(PARTIAL, () => answer);
      await clock.pass(MINUTE);

      expect(batches).toEqual([["a", "b"]]);
    });

    test("whatever failures the function names, where they are not asked for", async () => {
      stream.put("shard-0", "a", "b");

      await map({}, () => failing("1"));
      await clock.pass(MINUTE);

      expect(batches).toEqual([["a", "b"]]);
    });
  });

  describe("gives a batch again", () => {
    test("from the lowest record that the function names", async () => {
      stream.put("shard-0", "a", "b", "c", "d", "e");

      await map({ BatchSize: 4, ...PARTIAL }, () => (batches.length === 1 ? failing("4", "2") : failing()));
      await clock.pass(MINUTE);

      expect(batches).toEqual([["a", "b", "c", "d"], ["b", "c", "d"], ["e"]]);
    });

    test.each([
      ["an empty text", failing("")],
      ["null", failing(null)],
      ["a record of another batch", failing("99")],
      ["a wrong key", { batchItemFailures: [{ id: "2" }] }],
      ["a wrong key beside a right one", { batchItemFailures: [{ itemIdentifier: "2" }, { id: "2" }] }],
    ])("as a whole when the function names %s", async (_, answer) => {
      stream.put("shard-0", "a", "b");

      await map(PARTIAL, () => (batches.length === 1 ? answer : failing()));
      await clock.pass(MINUTE);

      expect(batches).toEqual([
        ["a", "b"],
        ["a", "b"],
      ]);
    });

    test("for ever, at longer and longer intervals of at most a minute, and nothing behind it before", async () => {
      stream.put("shard-0", "a", "b");
      const triedAtMs: number[] = [];
      const startMs = clock.now();

      await map({ BatchSize: 1, ...PARTIAL }, () => {
        triedAtMs.push(clock.now() - startMs);
        return failing("1");
      });
      await clock.pass(24 * 60 * MINUTE);

      expect(triedAtMs.slice(0, 8).map((ms) => ms / SECOND)).toEqual([0, 1, 3, 7, 15, 31, 63, 123]);
      expect(batches.length).toBeGreaterThan(24 * 60);
      expect(new Set(batches.flat())).toEqual(new Set(["a"]));
    });

    test("in halves when the function throws and bisecting is on, until the bad record is alone", async () => {
      stream.put("shard-0", "a", "b", "c", "bad", "e");

      await map({ BisectBatchOnFunctionError: true, MaximumRetryAttempts: 0 }, (texts) => {
        if (texts.includes("bad")) throw new Error("poisoned");
      });

      expect(batches).toEqual([["a", "b", "c", "bad", "e"], ["a", "b", "c"], ["bad", "e"], ["bad"], ["e"]]);
      expect(files).toHaveLength(1);
      expect(errors).toHaveLength(3);
    });

    test("not in halves when the function names its first record", async () => {
      stream.put("shard-0", "a", "b");

      await map({ BisectBatchOnFunctionError: true, ...PARTIAL }, () => batches.length < 3 && failing("1"));
      await clock.pass(MINUTE);

      expect(batches).toEqual([
        ["a", "b"],
        ["a", "b"],
        ["a", "b"],
      ]);
    });
  });

  describe("discards a batch", () => {
    const conditions = () => files.map(({ body }) => JSON.parse(body).requestContext.condition);
    const payloads = () =>
      files.map(({ body }) => (JSON.parse(JSON.parse(body).payload) as KinesisStreamEvent).Records.map(textOf));

    test("after so many retries, and goes on behind it", async () => {
      stream.put("shard-0", "a", "b", "c");

      await map({ BatchSize: 2, MaximumRetryAttempts: 2 }, (texts) => {
        if (texts.includes("a")) throw new Error("broken");
      });
      await clock.pass(MINUTE);

      expect(batches).toEqual([["a", "b"], ["a", "b"], ["a", "b"], ["c"]]);
      expect(conditions()).toEqual(["RetryAttemptsExhausted"]);
      expect(payloads()).toEqual([["a", "b"]]);
    });

    test("no sooner for having been halved", async () => {
      stream.put("shard-0", "bad", "b", "c", "d");

      await map({ BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1 }, (texts) => {
        if (texts.includes("bad")) throw new Error("poisoned");
      });
      await clock.pass(MINUTE);

      expect(batches).toEqual([["bad", "b", "c", "d"], ["bad", "b"], ["bad"], ["bad"], ["b"], ["c", "d"]]);
      expect(payloads()).toEqual([["bad"]]);
    });

    test("of what is too old, before the function sees it, and nothing younger", async () => {
      stream.put("shard-0", "old", "older");
      await clock.pass(61 * SECOND);
      stream.put("shard-0", "young");

      await map({ MaximumRecordAgeInSeconds: 60 });

      expect(batches).toEqual([["young"]]);
      expect(conditions()).toEqual(["RecordAgeExceeded"]);
      expect(payloads()).toEqual([["old", "older"]]);
      expect(JSON.parse(files[0]?.body as string).responseContext).toBeNull();
    });

    test("that became too old while it was tried again", async () => {
      stream.put("shard-0", "a");

      await map({ MaximumRecordAgeInSeconds: 60, ...PARTIAL }, () => failing("1"));
      await clock.pass(10 * MINUTE);

      expect(conditions()).toEqual(["RecordAgeExceeded"]);
      expect(JSON.parse(files[0]?.body as string).requestContext.approximateInvokeCount).toBe(batches.length);
    });

    test("into a file that says which part of the shard it was, why, and holds it", async () => {
      stream.put("shard-0", "a");
      await clock.pass(1_500);
      stream.put("shard-0", "b");

      await map({ MaximumRetryAttempts: 0 }, () => {
        throw new Error("broken");
      });

      expect(files).toEqual([
        {
          key: expect.stringMatching(
            /^aws\/lambda\/[0-9a-f-]{36}\/shard-0\/2026\/01\/01\/2026-01-01T00\.00\.01-[0-9a-f-]{36}$/,
          ),
          body: expect.any(String),
        },
      ]);
      expect(JSON.parse(files[0]?.body as string)).toEqual({
        requestContext: {
          requestId: expect.any(String),
          functionArn: expect.stringContaining(":function:"),
          condition: "RetryAttemptsExhausted",
          approximateInvokeCount: 1,
        },
        responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
        version: "1.0",
        timestamp: "2026-01-01T00:00:01.500Z",
        KinesisBatchInfo: {
          shardId: "shard-0",
          startSequenceNumber: "1",
          endSequenceNumber: "2",
          approximateArrivalOfFirstRecord: "2026-01-01T00:00:00.000Z",
          approximateArrivalOfLastRecord: "2026-01-01T00:00:01.500Z",
          batchSize: 2,
          streamArn: stream.streamArn,
        },
        payload: expect.any(String),
      });
      expect(payloads()).toEqual([["a", "b"]]);
    });

    test("for good where its file cannot be written", async () => {
      stream.put("shard-0", "a", "b");
      const full = new Error("the bucket is gone");

      await map({ BatchSize: 1, MaximumRetryAttempts: 0 }, ([text]) => text === "a" && Promise.reject(new Error()), {
        onFailure: () => Promise.reject(full),
      });

      expect(batches).toEqual([["a"], ["b"]]);
      expect(errors).toContain(full);
    });
  });

  describe("follows a stream that is resharded", () => {
    test("into the children only when their parent is read to its end and done", async () => {
      stream.put("shard-0", "a", "b");
      let isBroken = true;
      await map({ BatchSize: 1, ...PARTIAL }, ([text]) => isBroken && text === "b" && failing("2"));
      stream.begin("shard-1", "shard-0");
      stream.begin("shard-2", "shard-0");
      stream.put("shard-1", "c");
      stream.put("shard-2", "d");

      await clock.pass(10 * MINUTE);
      expect(new Set(batches.flat())).toEqual(new Set(["a", "b"]));
      isBroken = false;
      await clock.pass(2 * MINUTE);

      expect(batches.flat().slice(-2).sort()).toEqual(["c", "d"]);
    });

    test("into a merged shard only when both of its parents are done", async () => {
      stream.begin("shard-1");
      stream.put("shard-0", "a");
      stream.put("shard-1", "b");
      const { promise, resolve } = Promise.withResolvers<void>();
      await map({}, ([text]) => text === "b" && promise);
      stream.begin("shard-2", "shard-0", "shard-1");
      stream.put("shard-2", "c");

      await clock.pass(MINUTE);
      expect(batches.flat().sort()).toEqual(["a", "b"]);
      resolve();
      await clock.pass(2 * SECOND);

      expect(batches.flat().at(-1)).toBe("c");
    });

    test("from a child whose parent is gone already", async () => {
      stream.begin("shard-2");
      stream.put("shard-2", "c");
      const shards = async () => [{ id: "shard-2", parents: ["shard-1"] }];

      stream = { ...stream, shards };
      await map({});

      expect(batches).toEqual([["c"]]);
    });
  });

  test("reads again what it could not read, and leaves no record out", async () => {
    stream.put("shard-0", "a", "b");
    const { shards, open } = stream;
    const broken = new Error("the stream cannot be reached");
    let calls = 0;
    const orBreak = <T>(call: () => Promise<T>) => (calls++ % 2 === 0 ? Promise.reject(broken) : call());
    stream = {
      ...stream,
      shards: () => orBreak(shards),
      open: (id) => {
        const reader = open(id);
        return { read: (limit) => orBreak(() => reader.read(limit)) };
      },
    };

    await map({ BatchSize: 1 });
    await clock.pass(MINUTE);

    expect(batches).toEqual([["a"], ["b"]]);
    expect(new Set(errors)).toEqual(new Set([broken]));
  });

  test("stops when the invocation under way is done, and leaves what waits for its next try", async () => {
    stream.put("shard-0", "a", "b");
    const { promise, resolve } = Promise.withResolvers<object>();
    await map({ BatchSize: 1, ...PARTIAL }, () => promise);

    let stopped = false;
    const stopping = mapping?.stop().then(() => {
      stopped = true;
    });
    await clock.pass(MINUTE);
    expect(stopped).toBe(false);
    resolve(failing("1"));
    await stopping;
    await clock.pass(MINUTE);

    expect(batches).toEqual([["a"]]);
  });

  test.each([
    [{ ParallelizationFactor: 2 }, "one batch of a shard at a time is all that is known here, not 2"],
    [{ StartingPosition: "LATEST" }, "TRIM_HORIZON is the only start that is known here, not LATEST"],
  ])("refuses %j, whose rules it does not know", (settings, reason) => {
    const options = { settings, invoke: async () => {}, onError: () => {} };

    expect(() => mapShards(stream, options)).toThrow(reason);
  });
});
