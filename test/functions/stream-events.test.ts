import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { EventSource } from "eventsource";
import { PulseError } from "#core/errors.ts";
import { toSeq } from "#core/events/event-journal.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { fromPositionText, toPositionText } from "#core/events/stream/position.ts";
import { toReceiptText } from "#core/events/stream/receipt.ts";
import { type HttpHandlers, type LocalServer, serveHttp } from "#dev/local-server.ts";
import { log } from "#functions/shared/log.ts";
import { connect, type Frame, isControl, type SseClient } from "#test/support/http/sse-client.ts";
import { type MemoryPulse, openMemoryPulse } from "#test/support/memory/memory-pulse.ts";

let pulse: MemoryPulse;
let server: LocalServer;
const clients: SseClient[] = [];

async function open(options: Parameters<typeof openMemoryPulse>[0] = {}): Promise<void> {
  pulse = openMemoryPulse({ namespaces: ["team-a"], ...options });
  server = await serveHttp(pulse.handlers, 0);
}

async function closeAll(): Promise<void> {
  for (const client of clients.splice(0)) client.close();
  await server.close();
  await pulse.close();
}

const post = async (body: object | object[], path = "/api/v1/events"): Promise<void> => {
  const response = await fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.ok).toBe(true);
  await response.arrayBuffer();
};

const stream = async (
  search = "",
  headers: Record<string, string> = {},
  body?: string,
  path = "/api/v1/events/stream",
): Promise<SseClient> => {
  const client = await connect(`${server.url}${path}${search}`, { headers, ...(body === undefined ? {} : { body }) });
  clients.push(client);
  return client;
};

const valueIn = (frame: Frame): unknown => JSON.parse(frame.data).value;
const values = (frames: readonly Frame[]): unknown[] => frames.filter((frame) => !isControl(frame)).map(valueIn);
const seen = (count: number) => (frames: readonly Frame[]) => values(frames).length >= count;
const first = (client: SseClient): Frame => client.frames[0] as Frame;

describe("GET /events/stream", () => {
  beforeEach(() => open());
  afterEach(closeAll);

  test("begins at once with its position", async () => {
    const client = await stream();
    await client.until((frames) => frames.length > 0);

    expect(client.headers["content-type"]).toBe("text/event-stream");
    expect(first(client)).toEqual({
      retry: "1000",
      event: "pulse.position",
      id: expect.stringMatching(/^[\w.~-]+$/),
      data: '{"tags":[],"caughtUp":true}',
    });
  });

  test("sends what is accepted from now on, named by type, whatever its timestamp", async () => {
    await post({ tags: ["before"] });
    const client = await stream();
    await client.until((frames) => frames.length > 0);

    await post([
      { type: "health", tags: ["gateways:a"], value: 1, timestamp: "1999-01-01T00:00:00+01:00" },
      { type: "error", tags: ["b"], value: 2 },
    ]);
    await client.until(seen(2));

    const [health, error] = client.events() as [Frame, Frame];
    expect(health.event).toBe("health");
    expect(JSON.parse(health.data)).toEqual({
      id: expect.any(String),
      type: "health",
      tags: ["gateways", "gateways:a"],
      value: 1,
      timestamp: "1999-01-01T00:00:00+01:00",
    });
    expect(error.event).toBeUndefined();
  });

  test("names no frame when asked not to", async () => {
    const client = await stream("?named=false");
    await post({ type: "health", tags: ["a"], value: 1 });
    await client.until(seen(1));

    expect(client.events()[0]?.event).toBeUndefined();
  });

  test("filters by tags, by type, and by a query in body or q; gateway logs only when asked for", async () => {
    const asked = JSON.stringify({ tags: ["a"], type: ["x"], timestamp: { lt: "2000" } });
    const byTags = await stream("?tag=a&tag=b");
    const byType = await stream("?type=haproxy&type=x");
    const byBody = await stream("", {}, asked);
    const byQ = await stream(`?q=${encodeURIComponent(asked)}`);

    await post([
      { tags: ["a"], type: "x", value: 1 },
      { tags: ["a", "b"], type: "y", value: 2 },
      { tags: ["a", "b"], type: "haproxy", value: 3 },
      { tags: ["a", "b"], type: "x", value: 4 },
    ]);
    await Promise.all([byTags.until(seen(2)), byType.until(seen(3)), byBody.until(seen(2)), byQ.until(seen(2))]);

    expect(values(byTags.frames)).toEqual([2, 4]);
    expect(values(byType.frames)).toEqual([1, 3, 4]);
    expect(values(byBody.frames)).toEqual([1, 4]);
    expect(values(byQ.frames)).toEqual([1, 4]);
  });

  test("keeps namespaces apart", async () => {
    const client = await stream("", {}, undefined, "/team-a/api/v1/events/stream");
    await post({ tags: ["a"], value: "default" });
    await post({ tags: ["a"], value: "team-a" }, "/team-a/api/v1/events");
    await client.until(seen(1));

    expect(values(client.frames)).toEqual(["team-a"]);
    expect((await stream("", {}, undefined, "/team-b/api/v1/events/stream")).status).toBe(404);
  });

  test("resumes right behind any frame, and says when it has caught up", async () => {
    const client = await stream();
    await client.until((frames) => frames.length > 0);
    for (let value = 0; value < 5; value++) await post({ tags: ["a"], value });
    await client.until(seen(5));

    for (const [index, frame] of client.events().entries()) {
      const resumed = await stream("?last-event-id=nonsense", { "Last-Event-ID": frame.id as string });
      await resumed.until((frames) => frames.some(({ data }) => data.includes("caughtUp")));

      expect(values(resumed.frames)).toEqual([0, 1, 2, 3, 4].slice(index + 1));
      expect(first(resumed).data).toBe('{"tags":[]}');
      expect(first(resumed).id && fromPositionText(first(resumed).id as string)?.position).toEqual(
        fromPositionText(frame.id as string)?.position,
      );
    }
    const fromQuery = await stream(`?last-event-id=${client.events()[2]?.id}`);
    await fromQuery.until(seen(2));
    expect(values(fromQuery.frames)).toEqual([3, 4]);
  });

  test("resumes without a gap from a first frame that saw no event", async () => {
    const client = await stream();
    await client.until((frames) => frames.length > 0);
    client.close();
    await post([
      { tags: ["a"], value: 1 },
      { tags: ["a"], value: 2 },
    ]);

    const resumed = await stream("", { "last-event-id": first(client).id as string });
    await resumed.until(seen(2));

    expect(values(resumed.frames)).toEqual([1, 2]);
  });

  test("resumes where a query looked", async () => {
    await post({ tags: ["a"], value: "seen" });
    const response = await fetch(`${server.url}/api/v1/events`);
    const position = response.headers.get("pulse-position") as string;
    const history = (await response.json()) as { value: unknown }[];
    await post({ tags: ["a"], value: "after" });

    const client = await stream("", { "last-event-id": position });
    await client.until(seen(1));

    expect(new Set([...history.map(({ value }) => value), ...values(client.frames)])).toEqual(
      new Set(["seen", "after"]),
    );
  });

  test("replays all that the journal holds from 0", async () => {
    await post([1, 2, 3].map((value) => ({ tags: ["a"], value })));

    const client = await stream("", { "last-event-id": "0" });
    await client.until(seen(3));
    await post({ tags: ["a"], value: 4 });
    await client.until(seen(4));

    expect(values(client.frames)).toEqual([1, 2, 3, 4]);
  });

  describe("while the store cannot be read", () => {
    beforeEach(() => {
      jest.spyOn(pulse.feeds.store, "position").mockRejectedValue(new PulseError("unavailable", "not now"));
    });

    test("tells who goes on from a position to come back with it", async () => {
      const client = await stream("", { "last-event-id": "0" });

      expect(client.status).toBe(200);
      expect(await client.ended).toBe(": the store cannot be read right now\nretry: 5000\n\n");
    });

    test("refuses who begins: there is no position to come back with", async () => {
      const client = await stream();

      expect(client.status).toBe(503);
      expect(JSON.parse(await client.ended)).toMatchObject({ status: 503 });
    });

    test("loses nothing for an EventSource that comes back until it can be read", async () => {
      jest.restoreAllMocks();
      const arrived: unknown[] = [];
      const source = new EventSource(`${server.url}/api/v1/events/stream?named=false`);
      source.addEventListener("message", ({ data }) => arrived.push(JSON.parse(data).value));
      await once(source as unknown as EventTarget, "pulse.position");
      const { port } = new URL(server.url);
      await server.close();
      const position = jest.spyOn(pulse.feeds.store, "position");
      position.mockRejectedValueOnce(new PulseError("unavailable", "not now"));
      server = await serveHttp(pulse.handlers, Number(port));
      await post({ tags: ["a"], value: "meanwhile" });

      while (arrived.length === 0) await once(source as unknown as EventTarget, "message");
      source.close();

      expect(position.mock.calls.length).toBeGreaterThan(1);
      expect(arrived).toEqual(["meanwhile"]);
    });
  });

  test("refuses what is no position, lies in the future, or belongs to another namespace", async () => {
    await post({ tags: ["a"] });
    const present = fromPositionText(first(await started()).id as string);
    if (present === undefined) throw new Error("the first frame has no position");
    const [shard] = [...present.position.shards.keys()] as [string];
    const beyond = { store: present.position.store, shards: new Map([[shard, toSeq(10n ** 20n, 0)]]) };

    for (const id of [
      "nonsense",
      "%%%",
      toPositionText({ ...present, namespace: "team-a" }),
      toPositionText({ ...present, position: beyond }),
      toPositionText({ ...present, atMs: Date.now() + 60 * 60 * 1000 }),
      toReceiptText([], present.namespace, present.atMs),
    ]) {
      const refused = await stream("", { "last-event-id": id });
      expect(refused.status).toBe(400);
      expect(JSON.parse(await refused.ended).errors).toEqual([
        { pointer: "Last-Event-ID", detail: expect.any(String) },
      ]);
    }
  });

  const started = async (): Promise<SseClient> => {
    const client = await stream();
    await client.until((frames) => frames.length > 0);
    return client;
  };

  test.each([
    ["of a store that is gone", { store: "another" }, {}],
    ["older than the journal", {}, { atMs: Date.now() - 8 * 24 * 60 * 60 * 1000 }],
  ])("resets a position %s, then goes on live", async (_, position, token) => {
    const present = fromPositionText(first(await started()).id as string);
    if (present === undefined) throw new Error("the first frame has no position");
    const old = toPositionText({ ...present, ...token, position: { ...present.position, ...position } });
    await post({ tags: ["a"], value: "missed" });

    const client = await stream("", { "last-event-id": old });
    await client.until((frames) => frames.length > 0);
    await post({ tags: ["a"], value: "live" });
    await client.until(seen(1));

    expect(client.status).toBe(200);
    expect(first(client).event).toBe("pulse.reset");
    expect(JSON.parse(first(client).data)).toMatchObject({ status: 400, detail: expect.any(String) });
    expect(values(client.frames)).toEqual(["live"]);
    expect(client.frames.some(({ data }) => data === '{"tags":[],"caughtUp":true}')).toBe(true);
  });

  test("refuses a filter that is none, before it streams", async () => {
    const refused = await stream("?type=a%20b");

    expect(refused.status).toBe(400);
    expect(refused.headers["content-type"]).toBe("application/problem+json");
  });

  test.each([
    ["?tags=a", '"tag" is meant'],
    ["?tag=", "must not be empty"],
    ["?tag=a&lastEventId=0", '"last-event-id" is meant'],
  ])("refuses %s, which would follow something else than is meant", async (search, detail) => {
    const refused = await fetch(`${server.url}/api/v1/events/stream${search}`);

    expect(refused.status).toBe(400);
    expect(((await refused.json()) as { detail: string }).detail).toContain(detail);
  });

  test("ignores what clients add for their own ends", async () => {
    const client = await stream("?_=1&page=1&token=x");

    expect(client.status).toBe(200);
  });

  test("hands every event to each of 1,000 clients once, reading it once for all", async () => {
    const many = await Promise.all(Array.from({ length: 1000 }, () => stream("?tag=many")));
    await Promise.all(many.map((client) => client.until((frames) => frames.length > 0)));
    let tails = 0;
    const { store } = pulse.feeds;
    const tail = store.tail.bind(store);
    store.tail = (...asked) => {
      tails++;
      return tail(...asked);
    };

    for (let value = 0; value < 5; value++)
      await post([
        { tags: ["many"], value },
        { tags: ["other"], value },
      ]);
    await Promise.all(many.map((client) => client.until(seen(5))));

    for (const client of many) expect(values(client.frames)).toEqual([0, 1, 2, 3, 4]);
    expect(tails).toBeLessThan(20);
  }, 60_000);

  test("cuts a client that does not read, and lets it resume", async () => {
    const slow = await stream("?tag=big");
    await slow.until((frames) => frames.length > 0);
    slow.socket.pause();
    const value = "x".repeat(200_000);
    let created = 0;
    const gone = new Promise<void>((resolve) => slow.socket.once("close", () => resolve()));
    while (pulse.feeds.feedFor({ ...NO_FILTER, tags: ["big"] }).listeners > 0 && created < 500) {
      await post({ tags: ["big"], value });
      created++;
    }
    expect(created).toBeLessThan(500);
    slow.socket.resume();
    await gone;

    const lastId = slow.frames.at(-1)?.id as string;
    const got = values(slow.frames).length;
    const resumed = await stream("?tag=big", { "last-event-id": lastId });
    await resumed.until(seen(created - got));
    expect(values(resumed.frames)).toHaveLength(created - got);
  }, 60_000);
});

const NO_FILTER = { namespace: "default", tags: [], any: [], none: [], types: [], conditions: [] };

describe("a client that goes before its stream begins", () => {
  afterEach(closeAll);

  test("is followed by nobody, and is no error", async () => {
    pulse = openMemoryPulse();
    const leave = new AbortController();
    const { promise: answered, resolve } = Promise.withResolvers<void>();
    const follow: HttpHandlers["stream-events"] = async (message, response, context) => {
      leave.abort();
      await once(response, "close");
      await pulse.handlers["stream-events"](message, response, context).finally(() => setImmediate(resolve));
    };
    server = await serveHttp({ ...pulse.handlers, "stream-events": follow }, 0);
    const reported = jest.spyOn(log, "error");

    await expect(fetch(`${server.url}/api/v1/events/stream`, { signal: leave.signal })).rejects.toThrow(/aborted/);
    await answered;

    expect(pulse.feeds.feedFor(everyEvent("default")).listeners).toBe(0);
    expect(reported).not.toHaveBeenCalled();
    reported.mockRestore();
  });
});

describe("a stream's lease", () => {
  beforeEach(() => open({ leaseMs: 300 }));
  afterEach(closeAll);

  test("ends cleanly with the position", async () => {
    const client = await stream();
    await post({ tags: ["a"], value: 1 });
    await client.ended;

    expect(client.frames.at(-1)).toMatchObject({ event: "pulse.position", data: '{"tags":[]}' });
    expect(client.frames.at(-1)?.id).not.toBe(first(client).id);
  });

  test("costs an EventSource nothing, even when leases pass without any event", async () => {
    const source = new EventSource(`${server.url}/api/v1/events/stream?tag=quiet&named=false`);
    const got: number[] = [];
    let opened = 0;
    source.addEventListener("open", () => opened++);
    const arrived = new Promise<void>((resolve) =>
      source.addEventListener("message", ({ data }) => {
        got.push(JSON.parse(data).value);
        if (got.length === 6) resolve();
      }),
    );
    while (opened < 1) await new Promise((resolve) => setTimeout(resolve, 10));

    let value = 0;
    for (const leases of [2, 3, 4]) {
      while (opened < leases) await new Promise((resolve) => setTimeout(resolve, 10));
      await post({ tags: ["quiet"], value: value++ });
      // Most likely between two leases: an EventSource waits a second before it comes back.
      await new Promise((resolve) => setTimeout(resolve, 500));
      await post({ tags: ["quiet"], value: value++ });
    }
    await arrived;
    source.close();

    expect(got).toEqual([0, 1, 2, 3, 4, 5]);
  }, 60_000);
});
