import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type ServedPulse, servePulse } from "#dev/served-pulse.ts";
import { connect } from "#test/support/http/sse-client.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

/*
 * The requests that Vamp 0.9 documented and its clients send, black box: the same test against the same command, once
 * on the embedded store and once on a real OpenSearch.
 */

describe("Vamp's requests, embedded", () => answersVampsRequests(() => []));
describeOpenSearch("Vamp's requests, on OpenSearch", (url) => answersVampsRequests(() => ["--opensearch", url()]));

interface VampEvent {
  readonly id: string;
  readonly tags: readonly string[];
  readonly value?: unknown;
  readonly timestamp: string;
  readonly type: string;
}

function answersVampsRequests(options: () => readonly string[]): void {
  let pulse: ServedPulse;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let base: string;

  /** What every request of Vamp's Node client carries. */
  const HEADERS = { accept: "application/json", "content-type": "application/json", authorization: "token " };

  beforeAll(async () => {
    folder = await temporaryFolder();
    // A namespace of its own: the node may be shared.
    const namespace = `vamp-${Date.now().toString(36)}`;
    pulse = await servePulse([
      ...["--port", "0", "--syslog", "0", "--data", folder.path, "--namespaces", namespace],
      ...options(),
    ]);
    base = `${pulse.url}/${namespace}/api/v1`;
  }, 60_000);
  afterAll(async () => {
    await pulse.stop();
    await folder.remove();
  });

  const send = async (method: string, path: string, body?: unknown) => {
    const { request } = await import("node:http");
    return new Promise<{ status: number; headers: Record<string, string>; text: string }>((resolve, reject) => {
      const outgoing = request(`${base}${path}`, { method, headers: HEADERS }, (incoming) => {
        let text = "";
        incoming.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        incoming.on("end", () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers as Record<string, string>, text }),
        );
      });
      outgoing.on("error", reject);
      // A GET's body needs its length; a POST's goes chunked, as Vamp's client sends it.
      const text = body === undefined ? "" : JSON.stringify(body);
      if (method === "GET") outgoing.setHeader("content-length", Buffer.byteLength(text));
      outgoing.end(text);
    });
  };
  let receipt = "";
  const publish = async (event: object): Promise<VampEvent> => {
    const { status, text, headers } = await send("POST", "/events", event);
    expect(status).toBe(201);
    receipt = headers["pulse-receipt"] as string;
    return JSON.parse(text);
  };
  /** Waits for the last write: Vamp's clients just asked again. */
  const list = async (path: string, body?: object): Promise<VampEvent[]> => {
    for (;;) {
      const { status, text } = await send("GET", `${path}${path.includes("?") ? "&" : "?"}after=${receipt}`, body);
      if (status === 503) continue; // not visible yet on a busy machine: it has waited 5 s by itself
      expect(status).toBe(200);
      return JSON.parse(text);
    }
  };

  test("publishes with expanded tags and reads back by tag, newest first", async () => {
    const older = await publish({
      tags: ["services:monarch_front:0.2", "deployed"],
      type: "custom-Type",
      value: { responseTime: 1100, state: "deployed" },
      timestamp: "2015-06-05T15:12:38.000Z",
    });
    const newer = await publish({ tags: "services:monarch_front:0.2", value: "later" });

    expect(older.tags).toEqual(["services", "services:monarch_front:0.2", "deployed"]);
    expect(newer.type).toBe("event");
    expect(await list("/events?tag=services&tag=services:monarch_front:0.2")).toEqual([newer, older]);
    expect(await list("/events?type=custom-Type")).toEqual([older]);
    expect(await list("/events/?type=custom-type")).toEqual([]);
  });

  test("takes a query in the body of a GET, the parameters then being ignored", async () => {
    const [archived] = [
      await publish({ type: "archive", tags: ["blueprints:sava:1.0", "archive:create"], value: "name: sava:1.0\n" }),
    ];

    expect(await list("/events?tag=nothing", { tags: ["archive", "blueprints:sava:1.0"], type: "archive" })).toEqual([
      archived,
    ]);
    expect(await list("/events", { tags: ["archive"], timestamp: { gte: "now-1m", lt: "now+1m" } })).toEqual([
      archived,
    ]);
    expect(await list("/events", { tags: ["archive"], timestamp: { lt: "2015-06-08||-1d" } })).toEqual([]);
    expect(await list("/events", { tags: "archive", timestamp: archived?.timestamp })).toEqual([archived]);
  });

  test("aggregates as Vamp's SLAs and docs ask", async () => {
    for (const value of [10, 20, 60]) {
      await publish({ type: "metrics", tags: ["gateways:sava/9050", "metrics:responseTime"], value });
    }
    await publish({ type: "metrics", tags: ["nested"], value: { response: { time: 7.5 } } });
    const ask = async (aggregator: object, tags = ["gateways:sava/9050", "metrics:responseTime"]) =>
      list("/events", { tags, aggregator });

    expect(await ask({ type: "average", field: "metrics" })).toEqual({ value: 30 });
    expect(await ask({ type: "AVERAGE" })).toEqual({ value: 30 });
    expect(await ask({ type: "min" })).toEqual({ value: 10 });
    expect(await ask({ type: "max", field: "value" })).toEqual({ value: 60 });
    expect(await ask({ type: "sum" })).toEqual({ value: 90 });
    expect(await ask({ type: "count" })).toEqual({ value: 3 });
    expect(await ask({ type: "count" }, ["nothing"])).toEqual({ value: 0 });
    expect(await ask({ type: "max", field: "metrics.response.time" }, ["nested"])).toEqual({ value: 7.5 });
  });

  test("serves health and metrics as bare numbers", async () => {
    await publish({ type: "health", tags: ["deployments:sava", "clusters:web", "cluster", "health"], value: 1 });
    await list("/events");

    expect(await send("GET", "/health/deployments/sava")).toMatchObject({ status: 200, text: "1" });
    expect(await send("GET", "/health/deployments/sava/clusters/web")).toMatchObject({ status: 200, text: "1" });
    expect(await send("GET", "/metrics/gateways/sava%2F9050/responseTime")).toMatchObject({ status: 200, text: "60" });
    expect((await send("GET", "/health/gateways/none")).status).toBe(404);
  });

  test("pages until an empty array, as Vamp's Node client reads", async () => {
    for (let value = 0; value < 5; value++) await publish({ tags: ["paged"], value });
    const seen: unknown[] = [];
    for (let page = 1; page < 10; page++) {
      const events = await list(`/events?tag=paged&per_page=2&page=${page}`);
      if (events.length === 0) break;
      seen.push(...events.map(({ value }) => value));
    }

    expect(seen).toEqual([4, 3, 2, 1, 0]);
    const { headers } = await send("GET", "/events?tag=paged&per_page=2&page=2");
    expect(headers["x-total-count"]).toBe("5");
    expect(headers.link?.match(/rel=\w+/g)).toEqual(["rel=first", "rel=prev", "rel=next", "rel=last"]);
  });

  test("streams what is published, filtered by tags", async () => {
    const stream = await connect(`${base}/events/stream?tag=gateways&tag=health`, { headers: HEADERS });
    const named = new Promise<void>((resolve) => {
      void stream.until((frames) => frames.some(({ event }) => event === "health")).then(resolve);
    });
    await publish({ type: "health", tags: ["gateways:other"], value: 0 });
    const event = await publish({ type: "health", tags: ["gateways:sava/9050", "gateway", "health"], value: 1 });
    await named;
    stream.close();

    expect(stream.events().map(({ data }) => JSON.parse(data))).toEqual([event]);
  });

  test.each([
    ["no tags", { value: 1 }],
    ["a type Vamp refused too", { tags: ["a"], type: "a:b" }],
    ["a time that is none", { tags: ["a"], timestamp: "x" }],
    ["a key it does not know", { tags: ["a"], foo: "bar" }],
  ])("refuses %s with a message", async (_, event) => {
    const { status, text } = await send("POST", "/events", event);

    expect(status).toBe(400);
    expect(JSON.parse(text).message).toEqual(expect.any(String));
  });
}
