import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CdkCustomResourceEvent } from "aws-lambda";
import type { Artifact } from "#core/artifacts/artifact.ts";
import { parseSource } from "#core/artifacts/read-source.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { expandTags } from "#core/events/tags.ts";
import type { Declarations } from "#core/workflows/declared-topology.ts";
import { MAX_SEEN, updateDashboardsHandler } from "#functions/update-dashboards/update-dashboards.ts";
import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { openSavedObjectsApi, type SavedObjectsApi } from "#stores/opensearch/dashboards/saved-objects-api.ts";
import { ManualClock } from "#test/support/memory/manual-clock.ts";
import {
  type KeptObject,
  openSavedObjectsServer,
  type SavedObjectsServer,
} from "#test/support/opensearch/saved-objects-server.ts";
import { anEvent, RECEIVED_AT_MS } from "#test/support/samples/an-event.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

let server: SavedObjectsServer;
let dashboards: SavedObjectsApi;
let store: EmbeddedEventStore;
let artifacts: Artifact[];
let clock: ManualClock;

beforeEach(async () => {
  server = await openSavedObjectsServer();
  dashboards = await openSavedObjectsApi({ url: server.url, auth: "none" });
  artifacts = [];
  store = new EmbeddedEventStore({ database: openDatabase(":memory:") });
  clock = new ManualClock(RECEIVED_AT_MS + DAY_MS);
});
afterEach(async () => {
  await dashboards.close();
  await server.close();
  await store.close();
});

const declarations: Declarations = {
  artifacts: { list: async (_, kind) => ({ artifacts: artifacts.filter((artifact) => artifact.kind === kind) }) },
  readSource: ({ source, format }) => parseSource(source, format),
};
const declare = (kind: "gateways" | "deployments", name: string, source: string): void => {
  artifacts.push({ namespace: "default", kind, name, source, format: "yaml", version: 1, changedAtMs: RECEIVED_AT_MS });
};

const options = (namespaces: readonly string[]) => ({
  store,
  dashboards,
  declarations,
  namespaces,
  retentionDays: 30,
  clock,
});
const handlerOf = (namespaces: readonly string[]) =>
  updateDashboardsHandler(options(namespaces), { tries: 3, baseMs: 0, maxMs: 0, pause: async () => {} });
const update = (namespaces: readonly string[] = ["default"]) => handlerOf(namespaces)({});
const deploy = (RequestType: "Create" | "Update" | "Delete") =>
  handlerOf(["default"])({ RequestType } as CdkCustomResourceEvent);

const logged = async (
  gateway: string,
  given: { namespace?: string; timestampMs?: number; receivedAtMs?: number } = {},
): Promise<void> => {
  await store.keep([{ event: anEvent({ type: "haproxy", tags: expandTags([`gateways:${gateway}`]), ...given }) }]);
};
const titles = (type: string): string[] =>
  [...server.objects.values()]
    .filter((object) => object.type === type)
    .map(({ attributes }) => attributes.title as string)
    .sort();
const changing = (): string[] => server.requests.filter((request) => !request.startsWith("GET "));

const FOREIGN: KeptObject = { type: "dashboard", id: "my-own", attributes: { title: "mine" }, references: [] };

describe("update-dashboards", () => {
  test("gives every gateway and deployment that events tell of a dashboard, beside the overview", async () => {
    await logged("web");
    await logged("sava/web/9050");
    const tags = expandTags(["health", "deployment", "deployments:sava"]);
    await store.keep([{ event: anEvent({ type: "health", tags, value: "1" }) }]);

    await update();

    expect(titles("dashboard")).toEqual(["Pulse", "deployment: sava", "gateway: sava/web/9050", "gateway: web"]);
    expect(titles("index-pattern")).toContain("pulse.haproxy.default.*");
  });

  test("gives one to what is declared before there are events of it, and draws a gateway by its lookup name", async () => {
    declare("gateways", "sava/web/9050", "lookup_name: a1b2");
    declare("deployments", "sava", "clusters: {db: {gateways: {1433: {}}}}");
    declare("gateways", "broken", "[");
    await logged("a1b2");

    await update();

    expect(titles("dashboard")).toEqual([
      "Pulse",
      "deployment: sava",
      "gateway: broken",
      "gateway: sava/db/1433",
      "gateway: sava/web/9050",
    ]);
    const search = [...server.objects.values()].find(
      ({ type, attributes }) => type === "search" && attributes.title === "gateway: sava/web/9050",
    );
    expect(JSON.stringify(search?.attributes)).toContain("gateways:a1b2");
  });

  test("changes nothing when all is as it must be, though OpenSearch Dashboards has added fields of its own", async () => {
    await logged("web");
    await update();
    const pattern = server.objects.get("index-pattern:pulse.default.haproxy") as KeptObject;
    server.objects.set("index-pattern:pulse.default.haproxy", {
      ...pattern,
      attributes: { ...pattern.attributes, fields: '[{"name":"ft"}]' },
    });
    server.requests.length = 0;

    await update();

    expect(changing()).toEqual([]);
  });

  test("puts back what somebody changed or removed, and only that", async () => {
    await logged("web");
    await update();
    const before = new Map(server.objects);
    const dashboard = server.objects.get("dashboard:pulse.default.overview") as KeptObject;
    server.objects.set("dashboard:pulse.default.overview", { ...dashboard, attributes: { title: "changed" } });
    server.objects.delete("search:pulse.default.overview");
    server.requests.length = 0;

    await update();

    expect(new Map([...server.objects].sort())).toEqual(new Map([...before].sort()));
    expect(changing()).toEqual(["POST /_import"]);
  });

  test("takes away all of a gateway of which nothing is kept any more, and nothing of others", async () => {
    server.objects.set("dashboard:my-own", FOREIGN);
    server.objects.set("dashboard:pulse.other.overview", { ...FOREIGN, id: "pulse.other.overview" });
    await logged("stays", { receivedAtMs: RECEIVED_AT_MS + 20 * DAY_MS });
    await logged("goes");
    await update();
    const both = server.objects.size;
    expect(titles("dashboard")).toContain("gateway: goes");

    await clock.pass(30 * DAY_MS);
    await update();

    expect(titles("dashboard")).toEqual(["Pulse", "gateway: stays", "mine", "mine"]);
    expect([...server.objects.values()].filter(({ attributes }) => String(attributes.title).includes("goes"))).toEqual(
      [],
    );
    expect(both - server.objects.size).toBe(8);
    // Nothing refers to what is removed.
    expect(changing().at(-1)).toMatch(/^DELETE \/search\//);
  });

  test("keeps namespaces apart", async () => {
    await logged("web");
    await logged("web", { namespace: "team-a" });

    await update(["default", "team-a"]);

    expect(titles("dashboard")).toEqual(["Pulse", "Pulse [team-a]", "gateway: web", "gateway: web [team-a]"]);

    await update(["default"]);

    expect(titles("dashboard")).toHaveLength(4);
  });

  test("does no harm when two run at once", async () => {
    await logged("web");
    await logged("goes", { receivedAtMs: RECEIVED_AT_MS - 20 * DAY_MS });
    await update();
    await clock.pass(15 * DAY_MS);
    await logged("new");

    await Promise.all([update(), update()]);

    expect(titles("dashboard")).toEqual(["Pulse", "gateway: new", "gateway: web"]);
  });

  test("goes by when lines were received, not by the clock of their gateway", async () => {
    await logged("behind", { timestampMs: RECEIVED_AT_MS - 400 * DAY_MS });
    await logged("ahead", { timestampMs: RECEIVED_AT_MS + 400 * DAY_MS });
    await update();
    expect(titles("dashboard")).toEqual(["Pulse", "gateway: ahead", "gateway: behind"]);

    await clock.pass(31 * DAY_MS);
    await update();

    expect(titles("dashboard")).toEqual(["Pulse"]);
  });

  test("does not take away what a later run has made, though it has read the names before", async () => {
    await logged("web");
    const gate = Promise.withResolvers<void>();
    const hasRead = Promise.withResolvers<void>();
    const slow: Pick<EventStore, "aggregate"> = {
      async aggregate(query, aggregation) {
        const answer = await store.aggregate(query, aggregation);
        hasRead.resolve();
        await gate.promise;
        return answer;
      },
    };

    const earlier = updateDashboardsHandler({ ...options(["default"]), store: slow })({});
    await hasRead.promise;
    await logged("new");
    await update();
    gate.resolve();
    await earlier;

    expect(titles("dashboard")).toEqual(["Pulse", "gateway: new", "gateway: web"]);
  });

  test("removes nothing when it fails to read what there is, and goes on with the next call", async () => {
    await logged("web");
    await update();
    server.failNext(503, 1);

    await expect(update()).rejects.toMatchObject({ kind: "unavailable" });
    expect(titles("dashboard")).toEqual(["Pulse", "gateway: web"]);

    await update();
    expect(titles("dashboard")).toEqual(["Pulse", "gateway: web"]);
  });

  test("is called by a deployment, waits for rights that have not spread yet, and leaves the rest to the schedule", async () => {
    await logged("web");
    server.failNext(403, 2);

    expect(await deploy("Create")).toEqual({ PhysicalResourceId: "dashboards" });
    expect(titles("dashboard")).toEqual(["Pulse", "gateway: web"]);

    server.failNext(403, 100);
    expect(await deploy("Update")).toEqual({ PhysicalResourceId: "dashboards" });
  });

  test("takes away all that it made, and nothing else, when it goes itself", async () => {
    server.objects.set("dashboard:my-own", FOREIGN);
    await logged("web");
    await update();

    await deploy("Delete");

    expect([...server.objects.keys()]).toEqual(["dashboard:my-own"]);
  });

  test("says which object was refused and why", async () => {
    server.objects.set("index-pattern:pulse.default.haproxy", { ...FOREIGN, id: "pulse.default.haproxy" });
    const refusing = { ...dashboards, held: async () => [] };
    const objects = [
      { type: "search" as const, id: "pulse.default.x", attributes: {}, references: MISSING, migrationVersion: {} },
    ];

    await expect(refusing.put(objects)).rejects.toThrow(
      /refused 1 of 1 objects, search pulse.default.x.*missing_references/,
    );
  });

  test(`draws no more than ${MAX_SEEN} gateways, and then removes none`, async () => {
    const tagged = (place: number) => ({ type: "haproxy", tags: expandTags([`gateways:g${place}`]) });
    await logged("quiet");
    await update();
    const many = Array.from({ length: 2 * MAX_SEEN + 2 }, (_, place) => anEvent(tagged(place % (MAX_SEEN + 1))));
    await store.keep(many.map((event) => ({ event })));

    await update();

    expect(titles("dashboard")).toHaveLength(1 + 1 + MAX_SEEN);
    expect(titles("dashboard")).toContain("gateway: quiet");
  });
});

const MISSING = [{ type: "index-pattern" as const, id: "nowhere", name: "x" }];
