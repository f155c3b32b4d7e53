import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import type { RetryPolicy } from "#stores/opensearch/backoff.ts";
import { type Isolated, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { type Fault, type FaultyProxy, openFaultyProxy, type SeenRequest } from "#test/support/http/faulty-proxy.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { anEntry, anEvent } from "#test/support/samples/an-event.ts";

jest.setTimeout(120_000);

const AT_ONCE: RetryPolicy = { tries: 3, baseMs: 1, maxMs: 1 };
const NAMESPACE = "default";
const EVERYTHING = { offset: 0, limit: 1000 };

/** A bulk of events: the one that registers their types goes to an index whose name has no dot. */
const isBulk = ({ path, body }: SeenRequest): boolean =>
  path.startsWith("/_bulk") && /^\{"create":\{"_index":"[^".]*\./.test(body);
const isSearch = ({ path }: SeenRequest): boolean => path.includes("/_search");

/** The fault for the first `times` requests of a kind. */
function firstOf(isMeant: (request: SeenRequest) => boolean, times: number, fault: Fault) {
  let left = times;
  return (request: SeenRequest): Fault | undefined => (isMeant(request) && left-- > 0 ? fault : undefined);
}

const refusing = (status: number, type: string, isMeant = (index: number) => index % 2 === 0): Fault => ({
  kind: "items",
  refuse: (index) => (isMeant(index) ? { status, type } : undefined),
});

describeOpenSearch("the OpenSearch event store, when something goes wrong,", (url) => {
  let isolated: Isolated;
  let shards = 0;

  beforeAll(async () => {
    isolated = await isolateInstalled(url());
  });
  afterAll(() => isolated.remove());

  const proxies: FaultyProxy[] = [];
  afterEach(async () => {
    for (const proxy of proxies.splice(0)) await proxy.close();
  });

  async function openProxy(faultOf: (request: SeenRequest) => Fault | undefined): Promise<FaultyProxy> {
    const proxy = await openFaultyProxy(url(), faultOf);
    proxies.push(proxy);
    return proxy;
  }

  /** A store behind a proxy, and events for a type and shard of their own. */
  async function through(faultOf: (request: SeenRequest) => Fault | undefined, count = 9) {
    const proxy = await openProxy(faultOf);
    const store = await isolated.open({ writeRetry: AT_ONCE, readRetry: AT_ONCE }, proxy.url);
    const type = `faults-${++shards}`;
    const shard = `events/${type}`;
    const entries = Array.from({ length: count }, (_, index) => anEntry(anEvent({ type }), shard, index + 1));
    const kept = async (): Promise<readonly Event[]> => {
      await store.checkpoint(shard, entries.at(-1)?.point.seq ?? "");
      const { events } = await store.search({ ...everyEvent(NAMESPACE), types: [type] }, EVERYTHING);
      return events;
    };
    return { proxy, store, entries, kept, newestFirst: entries.map(({ event }) => event).reverse() };
  }

  const allKept = (count: number) => Array.from({ length: count }, () => ({ kept: true }));

  describe("keeping", () => {
    test.each<[string, Fault]>([
      ["the connection is lost before the request", { kind: "lost-request" }],
      ["the connection is lost in the middle of the answer", { kind: "lost-answer" }],
      ["the node is overloaded", { kind: "answer", status: 429, body: '{"error":{"type":"rejected_execution"}}' }],
      ["a load balancer has no node", { kind: "answer", status: 503, body: "{}" }],
      ["some items are refused for overload", refusing(429, "rejected_execution_exception")],
      ["some items find no shard", refusing(503, "unavailable_shards_exception")],
    ])("keeps each entry once if %s twice", async (_, fault) => {
      const { proxy, store, entries, kept, newestFirst } = await through(firstOf(isBulk, 2, fault));

      expect(await store.keep(entries)).toEqual(allKept(9));

      expect(proxy.seen.filter(isBulk)).toHaveLength(3);
      expect(await kept()).toEqual(newestFirst);
    });

    test("sends only the refused items again", async () => {
      const { proxy, store, entries } = await through(
        firstOf(isBulk, 1, refusing(429, "rejected_execution_exception")),
      );

      await store.keep(entries);

      const sent = proxy.seen.filter(isBulk).map(({ body }) => body.trimEnd().split("\n").length / 2);
      expect(sent).toEqual([9, 5]);
    });

    test.each<[string, string, Fault]>([
      ["overloaded", "items stay refused for overload", refusing(429, "rejected_execution_exception")],
      ["overloaded", "the node stays overloaded", { kind: "answer", status: 429, body: "{}" }],
      ["unavailable", "the connection stays lost", { kind: "lost-request" }],
      ["unavailable", "it has no right to write", refusing(403, "security_exception")],
      ["unavailable", "the index is blocked", refusing(403, "cluster_block_exception")],
      [
        "unavailable",
        "there are too many shards, which is no fault of an event",
        refusing(400, "validation_exception"),
      ],
      ["unavailable", "an item fails in a way nobody knows", refusing(500, "illegal_state_exception")],
    ])("throws %s and gives no event up if %s", async (kind, _, fault) => {
      let isFaulty = true;
      const { store, entries, kept, newestFirst } = await through((request) =>
        isFaulty && isBulk(request) ? fault : undefined,
      );

      await expect(store.keep(entries)).rejects.toMatchObject({ name: "PulseError", kind });

      isFaulty = false;
      expect(await store.keep(entries)).toEqual(allKept(9));
      expect(await kept()).toEqual(newestFirst);
    });

    test("halves a bulk that is too large until it fits", async () => {
      const tooLarge = ({ body }: SeenRequest) => body.split("\n").length / 2 > 4;
      const { store, entries, kept, newestFirst } = await through((request) =>
        isBulk(request) && tooLarge(request) ? { kind: "answer", status: 413, body: "" } : undefined,
      );

      expect(await store.keep(entries)).toEqual(allKept(9));

      expect(await kept()).toEqual(newestFirst);
    });

    test("refuses what OpenSearch can never index, says why, and keeps the others", async () => {
      const { store, entries, kept } = await through(() => undefined, 3);
      const [first, second, third] = entries;
      if (first === undefined || second === undefined || third === undefined)
        throw new Error("three entries were made");
      const longTag = { ...second, event: { ...second.event, tags: ["x".repeat(40_000)] } };

      const [one, refused, other] = await store.keep([first, longTag, third]);

      expect([one, other]).toEqual(allKept(2));
      expect(refused).toEqual({ refused: expect.stringContaining("tags") });
      expect(await kept()).toEqual([third.event, first.event]);
    });

    test("splits a batch into bulks of at most 2,500 documents and five megabytes", async () => {
      const { proxy, store } = await through(() => undefined);
      const entries = Array.from({ length: 3000 }, (_, index) => ({
        event: anEvent({ type: "large", value: index < 100 ? `"${"x".repeat(200_000)}"` : "1" }),
      }));

      expect(await store.keep(entries)).toEqual(allKept(3000));

      const bulks = proxy.seen.filter(isBulk).map(({ body }) => body);
      expect(Math.max(...bulks.map((body) => body.split("\n").length >> 1))).toBe(2500);
      expect(Math.max(...bulks.map((body) => body.length))).toBeLessThanOrEqual(5_000_000);
    });
  });

  describe("reading", () => {
    const PARTIAL = JSON.stringify({
      timed_out: false,
      _shards: { failed: 1 },
      hits: { total: { value: 0 }, hits: [] },
    });
    const TIMED_OUT = JSON.stringify({
      timed_out: true,
      _shards: { failed: 0 },
      hits: { total: { value: 0 }, hits: [] },
    });

    test.each<[string, string, Fault]>([
      ["unavailable", "an answer misses shards", { kind: "answer", status: 200, body: PARTIAL }],
      ["unavailable", "a search ran out of time", { kind: "answer", status: 200, body: TIMED_OUT }],
      ["unavailable", "the connection is lost", { kind: "lost-request" }],
      ["overloaded", "the search queue is full", { kind: "answer", status: 429, body: "{}" }],
    ])("throws %s if %s every time, and answers if only twice", async (kind, _, fault) => {
      let faults = Number.POSITIVE_INFINITY;
      const { store, entries, kept, newestFirst } = await through((request) =>
        isSearch(request) && faults-- > 0 ? fault : undefined,
      );
      const search = () =>
        store.search({ ...everyEvent(NAMESPACE), types: [entries[0]?.event.type ?? ""] }, EVERYTHING);

      await expect(search()).rejects.toMatchObject({ name: "PulseError", kind });

      faults = 0;
      await store.keep(entries);
      await kept();
      faults = 2;
      expect((await search()).events).toEqual(newestFirst);
    });
  });

  describe("telling the position", () => {
    test("has a reader's patience, not a writer's: a caller waits for it", async () => {
      // Of the requests it makes side by side, one alone: the first to give up ends the waiting for the others.
      const away: Fault = { kind: "answer", status: 503, body: "{}" };
      const proxy = await openProxy((request) => (isSearch(request) ? away : undefined));
      const store = await isolated.open({ writeRetry: { ...AT_ONCE, tries: 30 }, readRetry: AT_ONCE }, proxy.url);

      await expect(store.position()).rejects.toMatchObject({ name: "PulseError", kind: "unavailable" });

      expect(proxy.seen.filter(isSearch)).toHaveLength(AT_ONCE.tries);
    });
  });

  describe("declaring readable", () => {
    test("moves no checkpoint while it cannot refresh", async () => {
      let isFaulty = true;
      const { store, entries, kept, newestFirst } = await through(({ path }) =>
        isFaulty && path.includes("/_refresh") && path.includes("faults-")
          ? { kind: "answer", status: 200, body: '{"_shards":{"total":2,"successful":1,"failed":1}}' }
          : undefined,
      );
      await store.keep(entries);
      const shard = entries[0]?.point.shard ?? "";

      await expect(kept()).rejects.toMatchObject({ kind: "unavailable" });
      expect((await store.position()).shards.has(shard)).toBe(false);

      isFaulty = false;
      expect(await kept()).toEqual(newestFirst);
      expect((await store.position()).shards.get(shard)).toBe(entries.at(-1)?.point.seq);
    });

    test("shows a batch whose first writer was killed before it could: all of it is there already", async () => {
      const { store: killed, entries } = await through(() => undefined);
      await killed.keep(entries);
      const successor = await isolated.open();
      const query = { ...everyEvent(NAMESPACE), types: [entries[0]?.event.type ?? ""] };

      expect(await successor.keep(entries)).toEqual(allKept(9));
      await successor.checkpoint(entries[0]?.point.shard ?? "", entries.at(-1)?.point.seq ?? "");

      expect(await successor.search(query, EVERYTHING)).toHaveProperty("total", 9);
    });

    test("shows what was kept while another checkpoint's refresh was under way", async () => {
      const { store, entries } = await through(() => undefined, 40);
      const [type, shard] = [entries[0]?.event.type ?? "", entries[0]?.point.shard ?? ""];

      for (const [index, entry] of entries.entries()) {
        const other = store.checkpoint(`${shard}-other`, entry.point.seq);
        await store.keep([entry]);
        if (index % 4 === 3) {
          await store.checkpoint(shard, entry.point.seq);
          const { total } = await store.search({ ...everyEvent(NAMESPACE), types: [type] }, EVERYTHING);
          expect(total).toBe(index + 1);
        }
        await other;
      }
    });

    test("never moves a checkpoint back, whoever moves it and whatever answers are lost", async () => {
      const isCheckpoint = ({ method, path }: SeenRequest) => method === "PUT" && path.includes("_checkpoints/");
      let requests = 0;
      const proxy = await openProxy((request) =>
        isCheckpoint(request) && requests++ % 3 === 0 ? { kind: "lost-answer" } : undefined,
      );
      const retry = { tries: 20, baseMs: 1, maxMs: 5 };
      const stores = await Promise.all([1, 2, 3, 4].map(() => isolated.open({ writeRetry: retry }, proxy.url)));
      const seqs = Array.from({ length: 40 }, (_, index) => anEntry(anEvent(), "s", index + 1).point.seq);

      await Promise.all(
        stores.map(async (store, writer) => {
          let before = "";
          for (const seq of seqs.filter((_, index) => index % 4 === writer)) {
            await store.checkpoint("events/raced", seq);
            const now = (await store.position()).shards.get("events/raced") ?? "";
            expect([seq, before, now].sort().at(-1)).toBe(now);
            before = now;
          }
        }),
      );

      const position = await stores[0]?.position();
      expect(position?.shards.get("events/raced")).toBe(seqs.at(-1));
    });
  });
});
