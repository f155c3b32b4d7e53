import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { systemClock } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import { fromSeq } from "#core/events/event-journal.ts";
import { toJournalLine } from "#core/events/records/journal-record.ts";
import { CheckpointTurns } from "#dev/checkpoint-turns.ts";
import { consumeJournal, type FollowedJournal } from "#dev/journal-consumer.ts";
import { indexEventsHandler } from "#functions/index-events/index-events.ts";
import type { LocalRecord } from "#journals/local/local-journal.ts";
import { anEvent } from "#test/support/samples/an-event.ts";
import { until } from "#test/support/until.ts";

test("others have their turn between two batches, however quickly each is done", async () => {
  const turns: number[] = [];
  let turn = 0;
  const nextTurn = () => {
    turn++;
    turning = setImmediate(nextTurn);
  };
  let turning = setImmediate(nextTurn);
  const journal: FollowedJournal = {
    shard: "events/one",
    read: (after) => [{ sequenceNumber: after + 1n, data: "{}\n", appendedAtMs: 0 }],
    onAppended: () => () => true,
  };

  await new Promise<void>((resolve) => {
    const consumer = consumeJournal({
      journal,
      handler: async () => {
        turns.push(turn);
        return { batchItemFailures: [] };
      },
      clock: systemClock,
      after: 0n,
      onProgress: () => {
        if (turns.length === 4) consumer.close().then(resolve);
      },
      onError: () => {},
    });
  });
  clearImmediate(turning);

  expect(new Set(turns).size).toBe(turns.length);
});

test("a journal that cannot be read for a moment is read again, and no record is left out", async () => {
  const broken = new Error("disk I/O error");
  const record: LocalRecord = { sequenceNumber: 1n, data: "{}\n", appendedAtMs: 0 };
  let reads = 0;
  const journal: FollowedJournal = {
    shard: "events/one",
    read(after) {
      if (reads++ === 0) throw broken;
      return after === 0n ? [record] : [];
    },
    onAppended: () => () => true,
  };
  const errors: unknown[] = [];
  const delivered: string[] = [];

  await new Promise<void>((resolve) => {
    const consumer = consumeJournal({
      journal,
      handler: async ({ Records }) => {
        delivered.push(...Records.map(({ kinesis }) => kinesis.sequenceNumber));
        return { batchItemFailures: [] };
      },
      clock: { ...systemClock, after: (_, action) => systemClock.after(0, action) },
      after: 0n,
      onProgress: () => consumer.close().then(resolve),
      onError: (error) => errors.push(error),
    });
  });

  expect(errors).toEqual([broken]);
  expect(delivered).toEqual(["1"]);
});

describe("with turns of checkpoints", () => {
  const NEVER_DEAD = { take: async () => {} };

  /** What a store is asked for, in order; each answer waits until the test gives it. */
  function surroundings(records: number, maxBatchBytes = 1) {
    const log: string[] = [];
    const waiting = new Map<string, (failure?: Error) => void>();
    const asked = (what: string) =>
      new Promise<void>((resolve, reject) => {
        log.push(what);
        waiting.set(what, (failure) => (failure === undefined ? resolve() : reject(failure)));
      });
    const numberOf = (seq: string) => Number(fromSeq(seq).sequenceNumber);
    const turns = new CheckpointTurns({
      keep: async (entries) => {
        await asked(`keep ${entries.map(({ point }) => numberOf(point?.seq ?? ""))}`);
        return entries.map(() => ({ kept: true }));
      },
      checkpoint: (_, seq) => asked(`checkpoint ${numberOf(seq)}`),
    });
    const journal: FollowedJournal = {
      shard: "events/one",
      read: (after) =>
        after >= records
          ? []
          : [{ sequenceNumber: after + 1n, data: toJournalLine(anEvent({ type: "turn" })), appendedAtMs: 0 }],
      onAppended: () => () => true,
    };
    const progress: bigint[] = [];
    const consumer = consumeJournal({
      journal,
      handler: indexEventsHandler({ store: turns, deadLetters: NEVER_DEAD }),
      turns,
      clock: { ...systemClock, after: (_, action) => systemClock.after(0, action) },
      after: 0n,
      maxBatchBytes,
      onProgress: (done) => progress.push(done),
      onError: () => {},
    });
    /** Answers what was asked for, once it is, or fails it. */
    const answer = async (what: string, failure?: Error) => {
      await until(() => waiting.has(what));
      const give = waiting.get(what);
      waiting.delete(what);
      give?.(failure);
      await quiet();
    };
    const quiet = async () => {
      for (let turn = 0; turn < 5; turn++) await nextTurn();
    };
    return { log, progress, consumer, answer, quiet };
  }

  test("keeps a batch while the checkpoint of the one before is moved, which its own waits for", async () => {
    const { log, progress, consumer, answer } = surroundings(2);

    await answer("keep 1");
    await answer("keep 2");
    const beforeTheFirstIsDone = [...log];
    await answer("checkpoint 1");
    await answer("checkpoint 2");
    await consumer.close();

    expect(beforeTheFirstIsDone).toEqual(["keep 1", "checkpoint 1", "keep 2"]);
    expect(log).toEqual(["keep 1", "checkpoint 1", "keep 2", "checkpoint 2"]);
    expect(progress).toEqual([1n, 2n]);
  });

  test("begins no batch before all of the one before is kept, and no third while the first is unfinished", async () => {
    const { log, consumer, answer, quiet } = surroundings(3);

    await until(() => log.length > 0);
    await quiet();
    const atFirst = [...log];
    await answer("keep 1");
    await answer("keep 2");
    const withTwo = [...log];
    await answer("checkpoint 1");
    await until(() => log.includes("keep 3"));
    const closed = consumer.close();
    await answer("keep 3");
    await answer("checkpoint 2");
    await answer("checkpoint 3");
    await closed;

    expect(atFirst).toEqual(["keep 1"]);
    expect(withTwo).toEqual(["keep 1", "checkpoint 1", "keep 2"]);
  });

  test("moves no checkpoint when the one before it was not moved: both batches come again, in order", async () => {
    const { log, progress, consumer, answer, quiet } = surroundings(2);

    await answer("keep 1");
    await answer("checkpoint 1", new PulseError("unavailable", "not now"));
    await quiet();
    const whileTheSecondIsKept = [...log];
    await answer("keep 2");
    await answer("keep 1");
    await answer("keep 2");
    await answer("checkpoint 1");
    await answer("checkpoint 2");
    await consumer.close();

    expect(whileTheSecondIsKept).toEqual(["keep 1", "checkpoint 1", "keep 2"]);
    expect(log.slice(3)).toEqual(["keep 1", "checkpoint 1", "keep 2", "checkpoint 2"]);
    expect(progress).toEqual([1n, 2n]);
  });

  test("waits for the checkpoint where little is to be kept meanwhile: it may share the next refresh with others", async () => {
    const { log, consumer, answer, quiet } = surroundings(2, 10_000);

    await answer("keep 1");
    await quiet();
    const whileItIsMoved = [...log];
    await answer("checkpoint 1");
    await answer("keep 2");
    await answer("checkpoint 2");
    await consumer.close();

    expect(whileItIsMoved).toEqual(["keep 1", "checkpoint 1"]);
    expect(log).toEqual(["keep 1", "checkpoint 1", "keep 2", "checkpoint 2"]);
  });

  test("hands a batch over again that cannot be kept, and none behind it", async () => {
    const { log, consumer, answer } = surroundings(2);

    await answer("keep 1", new PulseError("unavailable", "not now"));
    await answer("keep 1");
    await answer("checkpoint 1");
    await answer("keep 2");
    await answer("checkpoint 2");
    await consumer.close();

    expect(log).toEqual(["keep 1", "keep 1", "checkpoint 1", "keep 2", "checkpoint 2"]);
  });
});
