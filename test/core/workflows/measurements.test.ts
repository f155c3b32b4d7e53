import { describe, expect, test } from "@jest/globals";
import { isUuid } from "#core/uuid.ts";
import { measureAllocation } from "#core/workflows/measure-allocation.ts";
import { measureHealth } from "#core/workflows/measure-health.ts";
import { measureMetrics } from "#core/workflows/measure-metrics.ts";
import { measuredEventId, toMeasuredEvent } from "#core/workflows/measured-event.ts";
import { toTopology } from "#core/workflows/topology.ts";
import { type Figures, NO_TIMES, NO_TRAFFIC, type Traffic } from "#core/workflows/traffic.ts";

const figures = (requests: number, errors = 0, averageMs = 0): Figures => ({
  ...NO_TRAFFIC,
  requests,
  errors,
  times: { ...NO_TIMES, averageMs },
});
const frontend = (all: Figures, parts: Readonly<Record<string, Figures>> = {}) => ({
  all,
  parts: new Map(Object.entries(parts)),
});
const trafficOf = (frontends: Readonly<Record<string, ReturnType<typeof frontend>>>): Traffic =>
  new Map(Object.entries(frontends));

/** As `GET /gateways` of Vamp answers them. */
const SAVA_GATEWAY = {
  name: "sava/web/port",
  port: "40000/http",
  lookup_name: "a1",
  routes: {
    "sava/web/sava:1.0": { lookup_name: "b1", weight: "50%" },
    "sava/web/sava:1.1": { lookup_name: "b2", weight: "50%" },
  },
};
const SAVA = {
  name: "sava",
  clusters: {
    web: {
      services: [
        { breed: { name: "sava:1.0" }, scale: { cpu: 0.2, memory: "256.00MB", instances: 2 } },
        { breed: "sava:1.1", scale: { cpu: "500m", memory: "1GB", instances: 1 } },
      ],
    },
    db: { services: [{ breed: { name: "mongo" }, scale: { cpu: 1, memory: 64 }, instances: [{}, {}, {}] }] },
  },
};
const sava = toTopology([{ name: SAVA_GATEWAY.name, value: SAVA_GATEWAY }], [{ name: "sava", value: SAVA }]);

describe("health", () => {
  test("has exactly Vamp's tags, of gateways, routes, services, clusters and deployments", () => {
    const traffic = trafficOf({ a1: frontend(figures(9, 1)), b1: frontend(figures(5)), b2: frontend(figures(4, 1)) });

    expect(measureHealth(traffic, sava)).toEqual([
      { type: "health", tags: ["gateways:sava/web/port", "gateway", "health"], value: 0 },
      { type: "health", tags: ["gateways:sava/web/port", "route", "routes:sava/web/sava:1.0", "health"], value: 1 },
      { type: "health", tags: ["gateways:sava/web/port", "route", "routes:sava/web/sava:1.1", "health"], value: 0 },
      {
        type: "health",
        tags: ["deployments:sava", "clusters:web", "service", "services:sava:1.0", "health"],
        value: 1,
      },
      {
        type: "health",
        tags: ["deployments:sava", "clusters:web", "service", "services:sava:1.1", "health"],
        value: 0,
      },
      { type: "health", tags: ["deployments:sava", "clusters:web", "cluster", "health"], value: 0 },
      { type: "health", tags: ["deployments:sava", "clusters:db", "service", "services:mongo", "health"], value: 1 },
      { type: "health", tags: ["deployments:sava", "clusters:db", "cluster", "health"], value: 1 },
      { type: "health", tags: ["deployments:sava", "deployment", "health"], value: 0 },
    ]);
  });

  test("is 1 where there are no requests, and where all were answered below 500", () => {
    for (const all of [figures(0), figures(7)])
      expect(measureHealth(trafficOf({ shop: frontend(all) }), toTopology([], []))).toEqual([
        { type: "health", tags: ["gateways:shop", "gateway", "health"], value: 1 },
      ]);
  });
});

describe("metrics", () => {
  const window = { fromMs: 0, toMs: 30_000 };

  test("are Vamp's two and ours besides, to two decimals, for each gateway and each of its routes", () => {
    const traffic = trafficOf({ a1: frontend(figures(10, 1, 12.345)), b1: frontend(figures(4, 0, 7)) });
    const all = measureMetrics(traffic, sava, window);

    expect(all.filter(({ tags }) => tags.includes("gateway")).map(({ tags, value }) => [tags, value])).toEqual([
      [["gateways:sava/web/port", "gateway", "metrics:rate"], 0.33],
      [["gateways:sava/web/port", "gateway", "metrics:responseTime"], 12.35],
      [["gateways:sava/web/port", "gateway", "metrics:responseTime:p50"], 0],
      [["gateways:sava/web/port", "gateway", "metrics:responseTime:p95"], 0],
      [["gateways:sava/web/port", "gateway", "metrics:responseTime:p99"], 0],
      [["gateways:sava/web/port", "gateway", "metrics:queueTime"], 0],
      [["gateways:sava/web/port", "gateway", "metrics:errorRatio"], 0.1],
    ]);
    expect(all).toContainEqual({
      type: "metrics",
      tags: ["gateways:sava/web/port", "routes:sava/web/sava:1.0", "route", "metrics:rate"],
      value: 0.13,
    });
    expect(all).toHaveLength(21);
  });

  test("of a declared route are those of its frontend, else of its backend, else of its server", () => {
    const declared = toTopology(
      [{ name: "shop", value: { routes: { app: { weight: "90%" }, beta: {}, s2: { lookup_name: "s-two" } } } }],
      [],
    );
    const traffic = trafficOf({
      shop: frontend(figures(60), {
        "backends:app": figures(30),
        "servers:app/app": figures(1),
        "servers:canary/beta": figures(6),
        "servers:app/s-two": figures(9),
      }),
    });
    const rates = measureMetrics(traffic, declared, window)
      .filter(({ tags }) => tags.includes("route") && tags.includes("metrics:rate"))
      .map(({ tags, value }) => [tags[1], value]);

    expect(rates).toEqual([
      ["routes:app", 1],
      ["routes:beta", 0.2],
      ["routes:s2", 0.3],
    ]);
  });

  test("are not given once more under the names that HAProxy has for declared gateways and routes", () => {
    const traffic = trafficOf({ a1: frontend(figures(1)), b1: frontend(figures(1)), im_b1: frontend(figures(1)) });

    for (const { tags } of measureMetrics(traffic, sava, window)) expect(tags).toContain("gateways:sava/web/port");
  });
});

describe("allocation", () => {
  test("sums up what all instances of a deployment are given", () => {
    expect(measureAllocation(sava)).toEqual([
      { type: "allocation", tags: ["allocation", "deployments:sava"], value: { cpu: 3.9, memory: 1728, instances: 6 } },
    ]);
  });
});

describe("what artifacts declare", () => {
  test("is read from the ports of a deployment's clusters as well, by Vamp's names", () => {
    const value = { clusters: { web: { gateways: { port: { lookup_name: "a1", routes: { "sava:1.0": {} } } } } } };

    expect(toTopology([], [{ name: "sava", value }]).gateways).toEqual([
      { name: "sava/web/port", lookupName: "a1", routes: [{ name: "sava/web/sava:1.0" }] },
    ]);
  });

  test.each([
    undefined,
    null,
    7,
    [],
    "text",
    { routes: 7, clusters: [] },
    { routes: { "": {}, ["x".repeat(300)]: {} }, clusters: { a: null, b: { services: [7, { breed: 7 }] } } },
    {
      lookup_name: 7,
      clusters: { a: { services: [{ breed: "s", scale: { cpu: "much", memory: {}, instances: -1 } }] } },
    },
  ])("is there by its name whatever its source is: %j", (value) => {
    const topology = toTopology([{ name: "shop", value }], [{ name: "sava", value }]);

    expect(topology.gateways).toEqual([{ name: "shop", routes: [] }]);
    expect(topology.deployments).toMatchObject([{ name: "sava" }]);
    for (const { value } of measureAllocation(topology))
      expect(JSON.stringify(value)).toBe('{"cpu":0,"memory":0,"instances":0}');
  });
});

describe("the event of a measurement", () => {
  const window = { fromMs: 1_700_000_010_000, toMs: 1_700_000_040_000 };
  const of = (tags: readonly string[], value = 1) =>
    toMeasuredEvent("default", window, { type: "health", tags, value });

  test("is made of its window and tags alone, and of the time the window ends", () => {
    const event = of(["gateways:a", "gateway", "health"]);

    expect(event).toEqual({
      id: of(["health", "gateway", "gateways:a"], 0).id,
      namespace: "default",
      type: "health",
      tags: ["gateways", "gateways:a", "gateway", "health"],
      value: "1",
      timestamp: "2023-11-14T22:14:00.000Z",
      timestampMs: window.toMs,
      receivedAtMs: window.toMs,
    });
    expect(isUuid(event.id)).toBe(true);
    expect(event.id[14]).toBe("8");
  });

  test("is another one for another namespace, type, window or tag", () => {
    const measured = { type: "health", tags: ["gateways:a"] } as const;
    const ids = [
      measuredEventId("default", window, measured),
      measuredEventId("other", window, measured),
      measuredEventId("default", { ...window, fromMs: 0 }, measured),
      measuredEventId("default", { ...window, toMs: 0 }, measured),
      measuredEventId("default", window, { ...measured, type: "metrics" }),
      measuredEventId("default", window, { ...measured, tags: ["gateways:b"] }),
    ];

    expect(new Set(ids).size).toBe(ids.length);
  });

  test("is newer than those of its parts, so that the view of a gateway answers the gateway's", () => {
    for (let index = 0; index < 50; index++) {
      const gateway = of([`gateways:${index}`, "gateway", "health"]);
      const route = of([`gateways:${index}`, "route", "routes:r", "health"]);
      expect(gateway.id > route.id).toBe(true);
    }
  });
});
