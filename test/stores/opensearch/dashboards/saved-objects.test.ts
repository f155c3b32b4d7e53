import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { subjectsOf } from "#core/dashboards/subjects.ts";
import type { Topology } from "#core/workflows/topology.ts";
import { request } from "#stores/opensearch/client.ts";
import {
  ownedPrefix,
  SAVED_OBJECT_TYPES,
  type SavedObject,
  toNdjson,
} from "#stores/opensearch/dashboards/saved-object.ts";
import { savedObjects } from "#stores/opensearch/dashboards/saved-objects.ts";
import { type PanelAnswer, runVisualization } from "#test/stores/opensearch/dashboards/run-panel.ts";
import { HOSTILE_NAME, keepSampleEvents, LOOKUP_NAME } from "#test/stores/opensearch/dashboards/sample-events.ts";
import { type Isolated, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";

jest.setTimeout(60_000);

const VAMP_GATEWAY = "sava/web/9050";
const DECLARED: Topology = {
  gateways: [{ name: VAMP_GATEWAY, lookupName: LOOKUP_NAME, routes: [{ name: "blue", lookupName: "b1ue" }] }],
  deployments: [],
};
const subjects = subjectsOf(
  "default",
  { gateways: ["web", HOSTILE_NAME, LOOKUP_NAME, "b1ue", "im_b1ue", `o_${LOOKUP_NAME}`], deployments: ["sava"] },
  DECLARED,
);

const titled = (objects: readonly SavedObject[], type: string, title: string): SavedObject => {
  const found = objects.filter((one) => one.type === type && one.attributes.title === title);
  if (found.length !== 1) throw new Error(`${found.length} of ${type} ${title}`);
  return found[0] as SavedObject;
};

describe("saved objects", () => {
  const objects = savedObjects(subjects);

  test("are the same when they are made again, whatever the order of the names", () => {
    const seen = { gateways: [LOOKUP_NAME, HOSTILE_NAME, "web", "web"], deployments: ["sava", "sava"] };
    const again = subjectsOf("default", seen, { ...DECLARED, deployments: [{ name: "sava", clusters: [] }] });

    expect(toNdjson(savedObjects(again))).toBe(toNdjson(objects));
  });

  test("are each found under an id of their own, which begins with the namespace's prefix and fits into a URL", () => {
    const keys = objects.map(({ type, id }) => `${type}:${id}`);

    expect(new Set(keys).size).toBe(keys.length);
    for (const { id } of objects) expect(id).toMatch(/^pulse\.default\.[a-z0-9.-]+$/);
  });

  test("share no id with another namespace's, even of a name that begins alike", () => {
    const others = savedObjects({ ...subjects, namespace: "default-2" });

    expect(others.some(({ id }) => id.startsWith(ownedPrefix("default")))).toBe(false);
  });

  test("refer to nothing that is not there, and stand behind what they refer to", () => {
    const before = new Set<string>();
    for (const { type, id, references } of objects) {
      for (const reference of references) expect(before).toContain(`${reference.type}:${reference.id}`);
      before.add(`${type}:${id}`);
    }
  });

  test("name every reference that their attributes use, and use every one that they name", () => {
    for (const { attributes, references } of objects) {
      const used = [...JSON.stringify(attributes).matchAll(/RefName\\*":\\*"([^"\\]+)/g)].map(([, name]) => name);

      expect(references.map(({ name }) => name).sort()).toEqual(used.sort());
    }
  });

  test("hold what only their type may have, texts of JSON as texts", () => {
    const attributesOf: Readonly<Record<string, readonly string[]>> = {
      "index-pattern": ["timeFieldName", "title"],
      search: ["columns", "description", "hits", "kibanaSavedObjectMeta", "sort", "title", "version"],
      visualization: ["description", "kibanaSavedObjectMeta", "title", "uiStateJSON", "version", "visState"],
      dashboard: [
        "description",
        "hits",
        "kibanaSavedObjectMeta",
        "optionsJSON",
        "panelsJSON",
        "timeRestore",
        "title",
        "version",
      ],
    };
    expect(Object.keys(attributesOf)).toEqual(SAVED_OBJECT_TYPES);
    for (const { type, attributes, migrationVersion } of objects) {
      const { savedSearchRefName: _, ...others } = attributes;
      expect(Object.keys(others).sort()).toEqual(attributesOf[type]);
      expect(Object.keys(migrationVersion)).toEqual([type]);
      for (const json of [attributes.visState, attributes.panelsJSON, attributes.optionsJSON, attributes.uiStateJSON])
        if (json !== undefined) expect(JSON.parse(json as string)).toBeInstanceOf(Object);
    }
  });

  test("of a dashboard do not overlap in its grid of 48 columns", () => {
    for (const { attributes } of objects.filter(({ type }) => type === "dashboard")) {
      const panels = JSON.parse(attributes.panelsJSON as string) as {
        gridData: Record<"x" | "y" | "w" | "h", number>;
      }[];
      const cells = panels.flatMap(({ gridData: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(Math.max(...panels.map(({ gridData: { x, w } }) => x + w))).toBeLessThanOrEqual(48);
    }
  });

  test("have Vamp's names: of a gateway its search, total time and request count, of a deployment its gateways", () => {
    titled(objects, "search", `gateway: ${VAMP_GATEWAY}`);
    const total = titled(objects, "visualization", `total time: ${VAMP_GATEWAY}`);
    const count = titled(objects, "visualization", `request count: ${VAMP_GATEWAY}`);
    const { references } = titled(objects, "dashboard", "deployment: sava");

    expect(references.map(({ id }) => id)).toEqual(expect.arrayContaining([total.id, count.id]));
  });

  test("are of gateways, not of the frontends that Vamp gives a gateway's routes", () => {
    const titles = objects.filter(({ type }) => type === "dashboard").map(({ attributes }) => attributes.title);

    expect(titles).toEqual([
      "Pulse",
      `gateway: ${VAMP_GATEWAY}`,
      `gateway: ${HOSTILE_NAME}`,
      "gateway: web",
      "deployment: sava",
    ]);
  });

  test("of another namespace say so in their titles", () => {
    const others = savedObjects({ ...subjects, namespace: "team-a" }).filter(({ type }) => type !== "index-pattern");

    for (const { attributes } of others) expect(attributes.title).toMatch(/ \[team-a]$/);
  });
});

describeOpenSearch("saved objects on indices", (url) => {
  let isolated: Isolated;
  let objects: readonly SavedObject[];

  beforeAll(async () => {
    isolated = await isolateInstalled(url());
    await keepSampleEvents(await isolated.open(), "default");
    objects = savedObjects(subjects, isolated.prefix);
  });
  afterAll(() => isolated.remove());

  const run = (title: string): Promise<PanelAnswer> =>
    runVisualization(isolated.client, objects, titled(objects, "visualization", title));
  const byLastKey = async (title: string): Promise<Record<string, object>> =>
    Object.fromEntries((await run(title)).rows.map(({ keys, numbers }) => [keys.at(-1), numbers]));

  test("all show numbers, each in a bucket of its own", async () => {
    const silent: string[] = [];
    for (const object of objects.filter(({ type }) => type === "visualization")) {
      const { rows } = await runVisualization(isolated.client, objects, object);
      const numbers = rows.flatMap((row) => Object.values(row.numbers));
      if (!numbers.some((number) => number !== null)) silent.push(object.attributes.title as string);
    }

    // Nothing of the kind was logged or measured there.
    expect(silent.sort()).toEqual([`errors (5xx): ${HOSTILE_NAME}`, `health: ${HOSTILE_NAME}`]);
  });

  test("count requests by gateway, of which Vamp's logs its lookup name", async () => {
    expect(await byLastKey("request count by gateway")).toEqual({
      "gateways:web": { requests: 3 },
      [`gateways:${HOSTILE_NAME}`]: { requests: 1 },
      "gateways:tcp-in": { requests: 1 },
      [`gateways:${LOOKUP_NAME}`]: { requests: 2 },
    });
    const { rows } = await run(`request count: ${VAMP_GATEWAY}`);
    expect(rows.map(({ numbers }) => numbers)).toEqual([{ requests: 2 }]);
  });

  test("find a gateway of any name, and no other", async () => {
    expect(await run(`request count: ${HOSTILE_NAME}`)).toMatchObject({ total: 1 });
    expect(await run("request count: web")).toMatchObject({ total: 3 });
  });

  test("average the total time that each format logs", async () => {
    const { rows } = await run(`total time: ${VAMP_GATEWAY}`);
    const { rows: ofHttp } = await run("total time: web");

    expect(rows[0]?.numbers).toMatchObject({ "average Tt": 50, "average Ta": null });
    expect(ofHttp[0]?.numbers).toMatchObject({ "average Ta": 20, "average Tt": null });
  });

  test("tell status classes, errors and servers apart", async () => {
    expect(await byLastKey("status classes: web")).toEqual({
      "status:2xx": { requests: 1 },
      "status:4xx": { requests: 1 },
      "status:5xx": { requests: 1 },
    });
    expect(await byLastKey("errors (5xx): web")).toEqual({ "503": { requests: 1 } });
    expect(await byLastKey("servers: web")).toMatchObject({
      "servers:app/a1": { requests: 2, "average Ta": 20 },
      "servers:app/a2": { requests: 1, "average Ta": 20 },
    });
  });

  test("show the health of a gateway and of a deployment, and every type but log lines", async () => {
    expect((await run("health: web")).rows.map(({ numbers }) => numbers)).toEqual([{ "lowest health": 0 }]);
    expect((await run("health: sava")).rows.map(({ numbers }) => numbers)).toEqual([{ "lowest health": 1 }]);
    expect(await byLastKey("events by type")).toEqual({
      health: { events: 3 },
      metrics: { events: 1 },
      deploy: { events: 1 },
    });
    expect((await run("log lines in no known format")).total).toBe(1);
  });

  test("list columns, sort by a field and show times that each index has", async () => {
    for (const { attributes, references } of objects.filter(({ type }) => type === "search")) {
      const pattern = objects.find(({ type, id }) => type === "index-pattern" && id === references[0]?.id);
      const fields = [...(attributes.columns as string[]), (attributes.sort as [[string]])[0][0]];
      const { body } = await request<{ fields: Record<string, Record<string, { aggregatable: boolean }>> }>(
        isolated.client,
        { method: "GET", path: `/${pattern?.attributes.title}/_field_caps`, query: { fields: fields.join(",") } },
      );

      expect(Object.keys(body.fields)).toEqual(expect.arrayContaining(fields));
    }
    for (const { attributes } of objects.filter(({ type }) => type === "index-pattern")) {
      const { body } = await request<{ fields: { timestamp?: { date?: { aggregatable: boolean } } } }>(
        isolated.client,
        {
          method: "GET",
          path: `/${attributes.title}/_field_caps`,
          query: { fields: attributes.timeFieldName as string },
        },
      );

      expect(body.fields.timestamp).toMatchObject({ date: { aggregatable: true } });
    }
  });
});
