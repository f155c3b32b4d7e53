import { expect, test } from "@jest/globals";
import { systemClock } from "#core/clock.ts";
import { consumeJournal, type FollowedJournal } from "#dev/journal-consumer.ts";
import type { LocalRecord } from "#journals/local/local-journal.ts";

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
