import { expect, test } from "@jest/globals";
import { systemClock } from "#core/clock.ts";
import { consumeJournal, type FollowedJournal } from "#dev/journal-consumer.ts";
import type { LocalRecord } from "#journals/local/local-journal.ts";

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
