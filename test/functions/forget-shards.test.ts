import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { toSeq } from "#core/events/event-journal.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { forgetShardsHandler } from "#functions/forget-shards/forget-shards.ts";
import { type Isolated, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { ManualClock } from "#test/support/memory/manual-clock.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { anEntry, anEvent } from "#test/support/samples/an-event.ts";

jest.setTimeout(60_000);

const DAY_MS = 24 * 60 * 60 * 1000;

describeOpenSearch("forget-shards", (url) => {
  let isolated: Isolated;

  beforeAll(async () => {
    isolated = await isolateInstalled(url());
  });
  afterAll(() => isolated.remove());

  test("removes the checkpoints of shards that their streams no longer have, and only theirs", async () => {
    const clock = new ManualClock();
    const now = () => clock.now();
    const store = await isolated.open({ now });
    const arrivedDaysAgo = async (shard: string, days: number) => {
      await store.keep([anEntry(anEvent(), shard, 1)]);
      await store.checkpoint(shard, toSeq(1, 0), clock.now() - days * DAY_MS);
    };
    await arrivedDaysAgo("events/gone", 8);
    await arrivedDaysAgo("events/rests", 8);
    await arrivedDaysAgo("events/closed-lately", 6);
    await arrivedDaysAgo("haproxy-logs/gone", 8);
    await arrivedDaysAgo("others/gone", 8);
    await store.checkpoint("events/says-nothing", toSeq(1, 0));
    const before = await store.position();
    const asked: string[] = [];
    const shardsOf = async (streamName: string) => {
      asked.push(streamName);
      return new Set(streamName === "events" ? ["events/rests", "events/closed-lately"] : []);
    };
    const streamNames = ["events", "haproxy-logs"];
    const forgetShards = forgetShardsHandler({ store, shardsOf, streamNames, clock });

    await forgetShards();

    const after = await store.position();
    expect([...before.shards.keys()].filter((shard) => !after.shards.has(shard))).toEqual([
      "events/gone",
      "haproxy-logs/gone",
    ]);
    expect(asked).toEqual(streamNames);
    // Whoever named the shard in a position is not given its events again.
    expect((await store.tail(everyEvent("default"), before, 100)).entries).toEqual([]);
  });

  test("does not ask the stream where every shard is busy", async () => {
    const store = { shardsAtRestSince: async () => ["haproxy-logs/0"], forgetShard: async () => {} };
    const shardsOf = async (): Promise<never> => {
      throw new Error("was asked");
    };

    await forgetShardsHandler({ store, shardsOf, streamNames: ["events"], clock: new ManualClock() })();
  });
});
