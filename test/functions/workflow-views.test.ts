import { describe, expect, test } from "@jest/globals";
import type { APIGatewayProxyEvent, Context } from "aws-lambda";
import type { Clock } from "#core/clock.ts";
import { measureAllocationHandler } from "#functions/measure-allocation/measure-allocation.ts";
import { measureHealthHandler } from "#functions/measure-health/measure-health.ts";
import { measureMetricsHandler } from "#functions/measure-metrics/measure-metrics.ts";
import { queryEventsHandler } from "#functions/query-events/query-events.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { openMeasuringGround, START_MS } from "#test/core/workflows/measuring-ground.ts";
import { ManualClock } from "#test/support/memory/manual-clock.ts";

const GATEWAY = {
  lookup_name: "a1",
  routes: { "sava/web/sava:1.0": { lookup_name: "b1" }, "sava/web/sava:1.1": { lookup_name: "b2" } },
};
const DEPLOYMENT = {
  clusters: {
    web: {
      services: [
        { breed: { name: "sava:1.0" }, scale: { cpu: 0.2, memory: "256MB", instances: 2 } },
        { breed: { name: "sava:1.1" }, scale: { cpu: 0.2, memory: "256MB", instances: 1 } },
      ],
    },
  },
};

/** A deployment behind a gateway of Vamp's, one of whose routes answered 503; and ways to ask about it. */
async function measuredSava() {
  const store = new EmbeddedEventStore({ database: openDatabase(":memory:") });
  const ground = openMeasuringGround(store);
  ground.declare("gateways", "sava/web/port", GATEWAY);
  ground.declare("deployments", "sava", DEPLOYMENT);
  const line = (ft: string, ST: number, Tt: number) => ({ ft, b: ft, atMs: 1000, value: { ST, Tt, Tw: 0 } });
  await ground.log([line("a1", 200, 10), line("b1", 200, 8), line("a1", 503, 30), line("b2", 503, 28)]);
  ground.nowMs = START_MS + 40_000;
  for (const measure of [measureHealthHandler, measureMetricsHandler, measureAllocationHandler])
    await measure([ground.namespace], ground.measuring)();

  const clock: Clock = new ManualClock(START_MS + 45_000);
  const query = queryEventsHandler({ namespaces: [ground.namespace], store, clock, viewWindowMs: 30_000 });
  const ask = async (resource: string, parameters: Readonly<Record<string, string>>, body?: object) => {
    const namespace = ground.namespace;
    const message = {
      httpMethod: "GET",
      path: `/${namespace}/api/v1${resource.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(parameters[name] ?? ""))}`,
      resource: `/{namespace}/api/v1${resource}`,
      pathParameters: { ...parameters, namespace },
      headers: {},
      body: body === undefined ? null : JSON.stringify(body),
      requestContext: { requestId: "r" },
    } as unknown as APIGatewayProxyEvent;
    const answer = await query(message, {} as Context);
    return answer.statusCode === 200 ? JSON.parse(answer.body) : answer.statusCode;
  };
  return { ask };
}

describe("what workflows publish", () => {
  test("is what each view of health and metrics answers, the whole's and not a part's", async () => {
    const { ask } = await measuredSava();
    const gateway = "sava/web/port";
    const ofDeployment = { deployment: "sava", cluster: "web", port: "port" };
    const metric = "rate";

    expect(await ask("/health/gateways/{gateway}", { gateway })).toBe(0);
    const route = (name: string) => ask("/health/gateways/{gateway}/routes/{route}", { gateway, route: name });
    expect(await route("sava/web/sava:1.0")).toBe(1);
    expect(await route("sava/web/sava:1.1")).toBe(0);
    expect(await ask("/health/deployments/{deployment}", ofDeployment)).toBe(0);
    expect(await ask("/health/deployments/{deployment}/clusters/{cluster}", ofDeployment)).toBe(0);
    const service = "/health/deployments/{deployment}/clusters/{cluster}/services/{service}";
    expect(await ask(service, { ...ofDeployment, service: "sava:1.0" })).toBe(1);
    expect(await ask("/metrics/gateways/{gateway}/{metric}", { gateway, metric })).toBe(0.07);
    expect(await ask("/metrics/gateways/{gateway}/{metric}", { gateway, metric: "responseTime" })).toBe(20);
    expect(await ask("/metrics/gateways/{gateway}/{metric}", { gateway, metric: "responseTime:p99" })).toBeCloseTo(
      29.8,
    );
    const ports = "/metrics/deployments/{deployment}/clusters/{cluster}/ports/{port}/{metric}";
    expect(await ask(ports, { ...ofDeployment, metric })).toBe(0.07);
    const servicePorts =
      "/metrics/deployments/{deployment}/clusters/{cluster}/services/{service}/ports/{port}/{metric}";
    expect(await ask(servicePorts, { ...ofDeployment, service: "sava:1.1", metric })).toBe(0.03);
    expect(await ask("/health/gateways/{gateway}", { gateway: "a1" })).toBe(404);
  });

  test.each([
    [["gateways:sava/web/port", "gateway", "health"], 0],
    [["gateways:sava/web/port", "gateway", "metrics:rate"], 0.07],
    [["gateways:sava/web/port", "gateway", "metrics:responseTime"], 20],
    [["gateways:sava/web/port", "route", "routes:sava/web/sava:1.0", "health"], 1],
    [["gateways:sava/web/port", "route", "routes:sava/web/sava:1.0", "metrics:rate"], 0.03],
    [["gateways:sava/web/port", "route", "routes:sava/web/sava:1.0", "metrics:responseTime"], 8],
    [["deployments:sava", "deployment", "health"], 0],
    [["deployments:sava", "service", "services:sava:1.0", "health"], 1],
    [["deployments:sava", "allocation"], { cpu: 0.6, memory: 768, instances: 3 }],
  ])("is found by the tags that Vamp's UI asks for: %j", async (tags, value) => {
    const { ask } = await measuredSava();

    const events = await ask("/events", {}, { tags, timestamp: { gte: new Date(START_MS - 15_000).toISOString() } });

    expect(events[0]).toMatchObject({ value, timestamp: new Date(START_MS + 30_000).toISOString() });
    expect(events.every((event: { value: unknown }) => event.value !== undefined)).toBe(true);
  });
});
