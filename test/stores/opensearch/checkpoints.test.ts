import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { toSeq } from "#core/events/event-journal.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { type Isolated, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { anEntry, anEvent } from "#test/support/samples/an-event.ts";

jest.setTimeout(60_000);

describeOpenSearch("checkpoints of several processes", (url) => {
  let isolated: Isolated;

  beforeAll(async () => {
    isolated = await isolateInstalled(url());
  });
  afterAll(() => isolated.remove());

  /** A store that has just learnt which shards there are, whose clock stands still, and a shard made after that. */
  async function beforeAndAfterANewShard(shard: string) {
    const late = await isolated.open({ now: () => 0 });
    await late.position();
    const early = await isolated.open();
    const events = [1, 2, 3].map(() => anEvent());
    await early.keep(events.map((event, index) => anEntry(event, shard, index + 1)));
    await early.checkpoint(shard, toSeq(3, 0));
    return { late, early, events };
  }

  test("a process that knows a shard only from a position reads on where the position left it", async () => {
    const shard = "events/only-in-the-position";
    const { late, early, events } = await beforeAndAfterANewShard(shard);
    const { store, shards } = await early.position();
    const after = { store, shards: new Map([...shards, [shard, toSeq(1, 0)]]) };

    const first = await late.tail(everyEvent("default"), after, 1);
    const second = await late.tail(everyEvent("default"), first.position, 10);

    expect([...first.entries, ...second.entries].map(({ event }) => event)).toEqual(events.slice(1));
  });
});
