import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { Client } from "@opensearch-project/opensearch";
import { checkCluster } from "#cli/doctor/check-cluster.ts";
import { checkDisks } from "#cli/doctor/check-disks.ts";
import { checkIndices } from "#cli/doctor/check-indices.ts";
import { checkRetention } from "#cli/doctor/check-retention.ts";
import { checkTemplates } from "#cli/doctor/check-templates.ts";
import type { Targets } from "#cli/doctor/doctor-call.ts";
import { examine } from "#cli/doctor/examine.ts";
import type { Finding } from "#cli/doctor/finding.ts";
import { expectedTemplates, readTemplates } from "#cli/doctor/held-templates.ts";
import { readCheckpoints } from "#cli/doctor/read-checkpoints.ts";
import { toSeq } from "#core/events/event-journal.ts";
import { declarationOf, withDefaultTypes } from "#core/events/types/event-types.ts";
import { openClient, request } from "#stores/opensearch/client.ts";
import {
  checkpointTemplate,
  genericTemplate,
  type IndexTemplate,
  indexTemplates,
  typeRegistryTemplate,
  typeTemplate,
} from "#stores/opensearch/index-templates.ts";
import { installForEvents, installTemplates, removeTemplate } from "#stores/opensearch/install-templates.ts";
import { type Isolated, isolate } from "#test/stores/opensearch/isolated-store.ts";
import { type Fault, type FaultyProxy, openFaultyProxy } from "#test/support/http/faulty-proxy.ts";
import {
  type IndexStateManagement,
  openIndexStateManagement,
} from "#test/support/opensearch/index-state-management.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

jest.setTimeout(60_000);

const levelsOf = (found: readonly Finding[]) => found.map(({ level }) => level);
const pageOf = (finding: Finding | undefined) =>
  finding !== undefined && "page" in finding ? finding.page : undefined;

/** As many as there are kinds of: installing all of them takes most of a test's time. */
const someTemplates = (prefix: string): readonly IndexTemplate[] => [
  checkpointTemplate(prefix),
  typeRegistryTemplate(prefix),
  typeTemplate(declarationOf("haproxy"), prefix),
  genericTemplate(prefix),
];

describeOpenSearch("pulse doctor looks at what Pulse keeps in OpenSearch", (url) => {
  let isolated: Isolated;
  let templates: readonly IndexTemplate[];

  beforeEach(async () => {
    isolated = await isolate(url());
    templates = someTemplates(isolated.prefix);
    await installTemplates(isolated.client, templates);
  });
  afterEach(() => isolated.remove());

  const lookAtTemplates = async (wanted = templates) =>
    checkTemplates(await readTemplates(isolated.client, isolated.prefix), wanted);
  const lookAtIndices = async () =>
    checkIndices(isolated.client, expectedTemplates(await readTemplates(isolated.client, isolated.prefix), templates));

  const keepSome = async (type: string) => {
    const store = await isolated.open();
    await store.keep([{ event: anEvent({ type }), point: { shard: "events/0", seq: toSeq(7, 0) } }]);
    await store.checkpoint("events/0", toSeq(7, 0), Date.UTC(2026, 2, 15));
  };

  test("and finds the templates that this version installs to be well", async () => {
    expect(await lookAtTemplates()).toEqual([
      { level: "ok", part: "templates", says: `all ${templates.length} are as this version installs them` },
    ]);
  });

  test("and names a template that is missing", async () => {
    const { name } = genericTemplate(isolated.prefix);
    await removeTemplate(isolated.client, name);

    const found = await lookAtTemplates();

    expect(found).toEqual([{ level: "bad", part: "templates", says: `${name} is missing`, page: "index-templates" }]);
  });

  test.each([
    ["settings", { settings: { index: { number_of_shards: 3 } } }],
    ["mappings", { mappings: { dynamic: true } }],
  ] as const)("and names a template whose %s somebody changed", async (part, change) => {
    const { name, body } = genericTemplate(isolated.prefix);
    const changed = { ...body, template: { ...body.template, ...change } };
    await request(isolated.client, { method: "PUT", path: `/_index_template/${name}`, body: changed });

    const found = await lookAtTemplates();

    expect(found).toHaveLength(1);
    expect(found[0]?.says).toBe(`${name} is not as this version installs it: ${part}`);
  });

  test("and names a template of an older version, which lacks a field", async () => {
    const declared = { name: "orders", period: "month", retentionDays: 30 } as const;
    const older = typeTemplate({ ...declared, fields: { total: "double" } }, isolated.prefix);
    const newer = typeTemplate({ ...declared, fields: { total: "double", tax: "double" } }, isolated.prefix);
    await request(isolated.client, { method: "PUT", path: `/_index_template/${older.name}`, body: older.body });

    expect(levelsOf(await lookAtTemplates([newer]))).toEqual(["bad"]);
    expect(levelsOf(await lookAtTemplates([older]))).toEqual(["ok"]);
  });

  test("and finds indices that were made by their templates to be well", async () => {
    await keepSome("haproxy");
    await keepSome("health");
    await keepSome("Signup");

    const found = await lookAtIndices();

    // Those of three types, of checkpoints and of types.
    expect(found).toEqual([{ level: "ok", part: "indices", says: "all 5 have their fields and take writes" }]);
  });

  test("and takes the types that only a deployment declares as it declared them", async () => {
    const orders = { name: "orders", period: "month", retentionDays: 30, fields: { total: "double" } } as const;
    await installTemplates(isolated.client, [typeTemplate(orders, isolated.prefix)]);
    const store = await isolated.open({ types: [orders] });
    await store.keep([{ event: anEvent({ type: "orders", value: '{"total":1}' }) }]);

    const [ofTemplates] = await lookAtTemplates();

    expect(ofTemplates?.says).toMatch(/, besides 1 of the deployment's own types$/);
    expect(levelsOf(await lookAtIndices())).toEqual(["ok"]);
  });

  test("and names an index that was made without its template", async () => {
    for (const { name } of templates) await removeTemplate(isolated.client, name);
    const index = `${isolated.prefix}.signup.default.2026-03`;
    await request(isolated.client, { method: "PUT", path: `/${index}/_doc/1`, body: { id: "1", timestamp: "soon" } });

    const found = await lookAtIndices();

    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ level: "bad", page: "index-mappings" });
    expect(found[0]?.says).toContain(`${index}: guesses the fields of what it gets`);
    expect(found[0]?.says).toContain("timestamp is text, not date");
  });

  test("and names an index that takes no writes", async () => {
    await keepSome("health");
    const index = `${isolated.prefix}.health.default.2026-03`;
    await request(isolated.client, {
      method: "PUT",
      path: `/${index}/_settings`,
      body: { "index.blocks.read_only_allow_delete": true },
    });

    const found = await lookAtIndices();

    expect(found).toEqual([
      {
        level: "bad",
        part: "indices",
        says: `${index} is blocked: index.blocks.read_only_allow_delete`,
        page: "store-writes-blocked",
      },
    ]);
  });

  test("and reads how far each shard is indexed", async () => {
    await keepSome("health");

    expect(await readCheckpoints(isolated.client, isolated.prefix)).toEqual([
      { shard: "events/0", seq: toSeq(7, 0), arrivedAtMs: Date.UTC(2026, 2, 15) },
    ]);
  });
});

describe("pulse doctor looks at the retention of events", () => {
  let ism: IndexStateManagement;
  let client: Client;
  beforeEach(async () => {
    ism = await openIndexStateManagement();
    client = await openClient({ url: ism.url, auth: "none" });
  });
  afterEach(async () => {
    await client.close();
    await ism.close();
  });

  const wanted = [typeTemplate(declarationOf("haproxy")), genericTemplate(), checkpointTemplate()];
  const look = () => checkRetention(client, { wanted, isLocal: false });
  const install = (template: IndexTemplate) => installForEvents(client, template);

  test("and finds policies that this version installs to be well", async () => {
    for (const template of wanted) await install(template);

    expect(await look()).toEqual([
      { level: "ok", part: "retention", says: "all 2 policies are as this version installs them" },
    ]);
  });

  test("and names one that is missing, and one that somebody changed", async () => {
    await install(typeTemplate({ ...declarationOf("haproxy"), retentionDays: 3 }));

    expect(await look()).toEqual([
      {
        level: "warn",
        part: "retention",
        says: expect.stringMatching(/^pulse-haproxy is not .* when all of it is 3 days ago$/),
        page: "retention",
      },
      {
        level: "bad",
        part: "retention",
        says: "there is no policy pulse: nothing deletes pulse.*",
        page: "retention",
      },
    ]);
  });
});

describeOpenSearch("pulse doctor looks at a cluster that cannot delete by itself", (url) => {
  const look = async (targets: Partial<Targets>) => {
    const openSearch = { url: url(), auth: "none" } as const;
    const found = await examine({ serverUrl: "", openSearch, ...targets }, Date.now());
    return found.filter(({ part }) => part === "retention");
  };

  test("and says so, unless a local server is told of, which deletes", async () => {
    expect(await look({})).toEqual([
      {
        level: "bad",
        part: "retention",
        says: expect.stringContaining("nothing deletes events that are past their retention"),
        page: "retention",
      },
    ]);
    expect(levelsOf(await look({ folder: "/nowhere" }))).toEqual(["ok"]);
  });
});

describeOpenSearch("pulse doctor looks at the cluster", (url) => {
  let proxy: FaultyProxy | undefined;
  let client: Client;

  /** A client for which what is asked at a path is answered so. */
  async function seeing(answers: Readonly<Record<string, unknown>>): Promise<Client> {
    proxy = await openFaultyProxy(url(), ({ path }): Fault | undefined => {
      const answer = answers[path.split("?")[0] as string];
      return answer === undefined ? undefined : { kind: "answer", status: 200, body: JSON.stringify(answer) };
    });
    client = await openClient({ url: proxy.url, auth: "none" });
    return client;
  }
  afterEach(async () => {
    await client.close();
    await proxy?.close();
  });

  test("and asks a real one for its health and its disks", async () => {
    const [health] = await checkCluster(await seeing({}));
    const disks = await checkDisks(client);

    expect(health?.says).toMatch(/^(green|yellow|red): \d+ shards? on /);
    expect(disks[0]?.says).toMatch(/\d+ % used/);
  });

  test.each([
    ["green", "ok", undefined],
    ["yellow", "warn", "store-yellow"],
    ["red", "bad", "store-red"],
  ] as const)("and takes a %s cluster for %s", async (status, level, page) => {
    await seeing({ "/_cluster/health": { status, unassigned_shards: 3, active_shards: 1, number_of_nodes: 1 } });

    const [finding] = await checkCluster(client);

    expect(finding?.level).toBe(level);
    expect(pageOf(finding)).toBe(page);
  });

  test.each([
    [84, "ok", undefined],
    [86, "warn", "store-space"],
    [91, "bad", "store-space"],
    [96, "bad", "store-writes-blocked"],
  ] as const)("and takes a disk that is %i %% used for %s", async (used, level, page) => {
    await seeing({
      "/_cat/allocation": [
        { node: "a", "disk.used": `${used}`, "disk.total": "100" },
        { node: "UNASSIGNED", "disk.used": null, "disk.total": null },
      ],
      "/_cluster/settings": {},
    });

    const [finding] = await checkDisks(client);

    expect(finding?.level).toBe(level);
    expect(pageOf(finding)).toBe(page);
  });

  test("and finds a default type that a deployment declares anew to be well, once it is told of it", async () => {
    const health = { name: "health", period: "day", retentionDays: 30, fields: { zone: "keyword" } } as const;
    const declared = withDefaultTypes([health]);
    const installed = indexTemplates(declared).map(({ name, body }) => ({ name, index_template: body }));
    await seeing({ "/_index_template": { index_templates: installed } });
    const openSearch = { url: (proxy as FaultyProxy).url, auth: "none" } as const;
    const lookAtTemplates = async (targets: Partial<Targets>) => {
      const found = await examine({ serverUrl: "", openSearch, ...targets }, Date.now());
      return found.filter(({ part }) => part === "templates");
    };

    expect(levelsOf(await lookAtTemplates({ declared }))).toEqual(["ok"]);
    expect(await lookAtTemplates({})).toMatchObject([
      { level: "bad", says: expect.stringMatching(/^pulse\.health is not/) },
    ]);
  });

  test("and measures disks by the cluster's own watermarks, as shares or as what must be left", async () => {
    const setting = "cluster.routing.allocation.disk.watermark";
    await seeing({
      "/_cat/allocation": [{ node: "a", "disk.used": `${60 * 2 ** 30}`, "disk.total": `${100 * 2 ** 30}` }],
      "/_cluster/settings": {
        defaults: { [`${setting}.low`]: "0.5", [`${setting}.high`]: "0.7" },
        persistent: { [`${setting}.high`]: "45gb" },
      },
    });

    const [finding] = await checkDisks(client);

    expect(finding).toMatchObject({ level: "bad", page: "store-space" });
    expect(finding?.says).toContain("45gb");
  });
});
