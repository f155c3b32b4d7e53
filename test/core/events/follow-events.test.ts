import { describe, expect, test } from "@jest/globals";
import { toSeq } from "#core/events/event-journal.ts";
import { followEvents, startOfStream } from "#core/events/follow-events.ts";
import type { PointedEntry } from "#core/events/index-entries.ts";
import { type EventFilter, everyEvent, matches } from "#core/events/query/event-filter.ts";
import { EventFeeds } from "#core/events/stream/event-feed.ts";
import { toPositionText } from "#core/events/stream/position.ts";
import { NaiveEventStore } from "#test/stores/naive-event-store.ts";
import { ManualClock } from "#test/support/memory/manual-clock.ts";
import { type Random, seededRandom, seedOfThisRun } from "#test/support/random.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

type Entry = Omit<PointedEntry, "line">;

const FILTERS: readonly EventFilter[] = [
  everyEvent("default"),
  { ...everyEvent("default"), tags: ["a"] },
  { ...everyEvent("default"), types: ["haproxy"] },
  { ...everyEvent("default"), types: ["haproxy", "x"], tags: ["b"] },
  { ...everyEvent("other") },
];

/** A client that comes and goes, always resuming from the last id it saw. */
class Client {
  readonly filter: EventFilter;
  /** What was readable when it first came: its stream begins behind it. */
  readonly startedAt: ReadonlyMap<string, string>;
  readonly got: { readonly id: string }[] = [];
  #lastId: string | undefined;
  #stop: (() => void) | undefined;
  /** Frames of the connection that is open. Some are lost with it, from the end. */
  #arriving: string[] = [];

  constructor(filter: EventFilter, startedAt: ReadonlyMap<string, string>) {
    this.filter = filter;
    this.startedAt = startedAt;
  }

  get connected(): boolean {
    return this.#stop !== undefined;
  }

  async connect(feeds: EventFeeds, leaseMs?: number, after = this.#lastId): Promise<void> {
    const start = await startOfStream(after, this.filter.namespace, feeds, (detail) => detail);
    expect(start.reset).toBeUndefined();
    this.#arriving = [];
    const sink = {
      write: (frame: string) => this.#arriving.push(frame) % 5 !== 0,
      drained: async () => {},
      end: () => this.disconnect(0),
    };
    const options = { filter: this.filter, start, named: true, ...(leaseMs === undefined ? {} : { leaseMs }) };
    this.#stop = followEvents(feeds, options, sink);
    this.#read(1);
  }

  /** The connection breaks: its last frames never arrived. */
  disconnect(lost: number): void {
    this.#read(this.#arriving.length - lost);
    this.#stop?.();
    this.#stop = undefined;
    this.#arriving = [];
  }

  #read(count: number): void {
    for (const frame of this.#arriving.splice(0, Math.max(0, count))) {
      this.#lastId = /^id: (.*)$/m.exec(frame)?.[1] as string;
      if (!frame.includes("event: pulse.")) this.got.push(JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] as string));
    }
  }
}

/** What goes on in one run: shards are written in order, each by its own batches; some batches come again. */
class World {
  readonly clock = new ManualClock();
  readonly store = new NaiveEventStore();
  readonly clients: Client[] = [];
  readonly written = new Map<string, Entry[]>();
  readonly feeds = new EventFeeds({
    store: this.store,
    clock: this.clock,
    pollMs: 100,
    onError: (error) => {
      throw error;
    },
  });
  readonly #random: Random;
  #events = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  async writeBatch(shard: string): Promise<void> {
    const random = this.#random;
    const written = this.written.get(shard) ?? [];
    this.written.set(shard, written);
    const batch: Entry[] = Array.from(
      { length: random.chance(0.1) ? random.integer(200, 500) : random.integer(1, 20) },
      (_, index) => ({
        event: anEvent({
          namespace: random.chance(0.1) ? "other" : "default",
          type: random.oneOf(["x", "y", "haproxy"]),
          tags: random.shuffled(["a", "b", "c"]).slice(0, random.integer(1, 3)),
          value: String(this.#events++),
        }),
        point: { shard, seq: toSeq(written.length + index + 1, 0) },
      }),
    );
    written.push(...batch);
    await this.store.keep(batch);
    if (random.chance(0.2)) return; // killed before its checkpoint: the next batch moves it
    await this.store.checkpoint(shard, (batch.at(-1) as Entry).point.seq);
    if (random.chance(0.5)) this.feeds.poke();
    if (random.chance(0.2)) await this.store.keep(random.shuffled(batch));
  }

  async finish(): Promise<void> {
    for (const [shard, entries] of this.written)
      await this.store.checkpoint(shard, (entries.at(-1) as Entry).point.seq);
    await this.clock.pass(1000); // every lease has ended
    for (const client of this.clients) if (!client.connected) await client.connect(this.feeds);
    await this.clock.pass(1000);
    for (const client of this.clients) client.disconnect(0);
  }

  /** Exactly what matches behind the client's start, in the order of each shard. */
  verify(client: Client): void {
    const shardOf = new Map<string, string>();
    for (const [shard, entries] of this.written) {
      const from = client.startedAt.get(shard) ?? "";
      const due = entries.filter(({ event, point }) => point.seq > from && matches(client.filter, event));
      for (const { event } of due) shardOf.set(event.id, shard);
      expect(client.got.filter(({ id }) => shardOf.get(id) === shard).map(({ id }) => id)).toEqual(
        due.map(({ event }) => event.id),
      );
    }
    expect(client.got.length).toBe([...shardOf].length);
  }
}

async function play(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const world = new World(random);
  for (let step = 0; step < 60; step++) {
    const client = random.chance(0.5) && world.clients.length > 0 ? random.oneOf(world.clients) : undefined;
    switch (random.integer(0, 3)) {
      case 0:
        await world.writeBatch(`events/${random.integer(1, 4)}`);
        break;
      case 1:
        await world.clock.pass(random.integer(1, 300));
        break;
      case 2:
        if (client === undefined) {
          const begun = new Client(random.oneOf(FILTERS), (await world.store.position()).shards);
          world.clients.push(begun);
          await begun.connect(world.feeds);
        } else if (!client.connected) {
          await client.connect(world.feeds, random.chance(0.5) ? random.integer(1, 400) : undefined);
        }
        break;
      default:
        if (client?.connected) client.disconnect(random.integer(0, 20));
    }
  }
  await world.finish();
  for (const client of world.clients) world.verify(client);
}

describe("streams", () => {
  test("miss nothing and repeat nothing, however clients come and go while shards are written", async () => {
    const first = seedOfThisRun();
    for (let seed = first; seed < first + 40; seed++) {
      try {
        await play(seed);
      } catch (cause) {
        throw new Error(`with PULSE_SEED=${seed}: ${(cause as Error).message}`, { cause });
      }
    }
  }, 60_000);

  test("say where they are every 15 seconds", async () => {
    const world = new World(seededRandom(1));
    const frames: string[] = [];
    const start = await startOfStream(undefined, "default", world.feeds, String);
    const sink = { write: (frame: string) => frames.push(frame) > 0, drained: async () => {}, end: () => {} };
    const stop = followEvents(world.feeds, { filter: everyEvent("default"), start, named: true }, sink);

    await world.clock.pass(46_000);
    stop();
    await world.clock.pass(60_000);

    expect(frames.filter((frame) => frame.includes("event: pulse.position"))).toHaveLength(4);
  });

  test("share a feed as long as one listens, and leave nothing behind however many types were asked for", async () => {
    const { feeds } = new World(seededRandom(3));
    const filterOf = (type: string) => ({ ...everyEvent("default"), types: ["haproxy", type] });
    const heard = feeds.feedFor(filterOf("heard"));
    const left = feeds.feedFor(filterOf("left"));
    const subscription = heard.join(filterOf("heard"), { store: "s", shards: new Map() }, () => {});

    for (let type = 0; type < 2_000; type++) feeds.feedFor(filterOf(`type-${type}`));

    expect(feeds.feedFor(filterOf("heard"))).toBe(heard);
    expect(feeds.feedFor(filterOf("left"))).not.toBe(left);
    subscription?.leave();
  });

  test("wait where the feed is beyond a shard that the store does not show yet", async () => {
    const world = new World(seededRandom(4));
    const entry = { event: anEvent(), point: { shard: "events/1", seq: toSeq(1, 0) } };
    await world.store.keep([entry]);
    await world.store.checkpoint("events/1", entry.point.seq);
    const [there, late] = [new Client(everyEvent("default"), new Map()), new Client(everyEvent("default"), new Map())];
    await there.connect(world.feeds);
    const tail = world.store.tail.bind(world.store);
    let [asked, isShown] = [0, false];
    world.store.tail = async (filter, after, limit) => {
      if (isShown || after.shards.size > 0) return tail(filter, after, limit);
      if (++asked === 1000) throw new Error("asked again and again, without a pause");
      return { entries: [], position: after, caughtUp: true };
    };
    const atStart = toPositionText({
      position: { ...(await world.store.position()), shards: new Map() },
      namespace: "default",
      atMs: world.clock.now(),
    });

    await late.connect(world.feeds, undefined, atStart);
    await world.clock.pass(500);
    isShown = true;
    await world.clock.pass(500);
    late.disconnect(0);
    there.disconnect(0);

    expect(asked).toBeLessThan(10);
    expect(late.got.map(({ id }) => id)).toEqual([entry.event.id]);
  });

  test("go on after the store failed for a while", async () => {
    const world = new World(seededRandom(2));
    const errors: unknown[] = [];
    const tail = world.store.tail.bind(world.store);
    let failures = 3;
    world.store.tail = (...asked) => (failures-- > 0 ? Promise.reject(new Error("down")) : tail(...asked));
    const feeds = new EventFeeds({
      store: world.store,
      clock: world.clock,
      pollMs: 100,
      onError: (error) => errors.push(error),
    });
    const client = new Client(everyEvent("default"), new Map());
    await client.connect(feeds);
    const entry = { event: anEvent(), point: { shard: "events/1", seq: toSeq(1, 0) } };
    await world.store.keep([entry]);
    await world.store.checkpoint("events/1", entry.point.seq);

    await world.clock.pass(1000);
    client.disconnect(0);

    expect(client.got.map(({ id }) => id)).toEqual([entry.event.id]);
    expect(errors).toHaveLength(3);
  });
});
