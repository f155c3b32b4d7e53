import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { DEFAULT_EVENT_TYPES, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { HAPROXY_FIELDS } from "#core/haproxy/logs/fields.ts";
import { request } from "#stores/opensearch/client.ts";
import { toBulkLines } from "#stores/opensearch/event-document.ts";
import { genericTemplate, indexTemplates, typeTemplate } from "#stores/opensearch/index-templates.ts";
import { installTemplate, installTemplates } from "#stores/opensearch/install-templates.ts";
import { type Isolated, isolate, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { anEntry, anEvent } from "#test/support/samples/an-event.ts";

jest.setTimeout(120_000);

const haproxy = DEFAULT_EVENT_TYPES.find(({ name }) => name === "haproxy") as EventTypeDeclaration;

interface AliasProperty {
  readonly type: string;
  readonly path: string;
}

const aliasesOf = (properties: Readonly<Record<string, object>>): [string, string][] =>
  Object.entries(properties as Record<string, AliasProperty>)
    .filter(([, { type }]) => type === "alias")
    .map(([name, { path }]) => [name, path]);

describe("index templates", () => {
  test("give each declared type its own, above the generic one", () => {
    const templates = indexTemplates();

    expect(templates.map(({ name }) => name)).toEqual([
      "pulse_checkpoints",
      "pulse_types",
      ...DEFAULT_EVENT_TYPES.map(({ name }) => `pulse.${name}`),
      "pulse",
    ]);
    expect(typeTemplate(haproxy).body).toMatchObject({ index_patterns: ["pulse.haproxy.*"], priority: 200 });
    expect(genericTemplate().body).toMatchObject({ index_patterns: ["pulse.*"], priority: 100 });
  });

  test("name HAProxy's fields at the root, where Vamp's readers look, and as ECS does", () => {
    const aliases = new Map(aliasesOf(typeTemplate(haproxy).body.template.mappings.properties));

    for (const field of Object.keys(HAPROXY_FIELDS)) expect(aliases.get(field)).toBe(`fields.${field}`);
    expect(aliases.get("@timestamp")).toBe("timestamp");
    expect(aliases.get("source.ip")).toBe("fields.ci");
    expect(aliases.get("http.response.status_code")).toBe("fields.ST");
  });

  test("have no alias of a name that a document carries", () => {
    const event = anEvent({ type: "haproxy", value: '{"ST":200,"id":"x","type":"y","tags":["z"]}' });
    const [, document] = toBulkLines("index", anEntry(event, "shard", 1), haproxy.fields).split("\n");
    const aliases = aliasesOf(typeTemplate(haproxy).body.template.mappings.properties);

    const carried = Object.keys(JSON.parse(document ?? ""));

    expect(carried).toContain("fields");
    for (const [name] of aliases) expect(carried).not.toContain(name.split(".")[0]);
  });
});

describeOpenSearch("installing index templates", (url) => {
  let isolated: Isolated;
  afterEach(() => isolated.remove());

  const everything = { offset: 0, limit: 10 };

  test("is what a store waits for before it indexes anything", async () => {
    isolated = await isolate(url());
    const store = await isolated.open();
    const entry = anEntry(anEvent(), "events/s", 1);

    await expect(store.keep([entry])).rejects.toMatchObject({ kind: "unavailable", message: /index template/ });
    await expect(store.checkpoint("events/s", entry.point.seq)).rejects.toMatchObject({ kind: "unavailable" });
    await expect(store.position()).rejects.toMatchObject({ kind: "unavailable", message: /install/ });
    await installTemplates(isolated.client, indexTemplates(undefined, isolated.prefix));

    expect(await store.keep([entry])).toEqual([{ kept: true }]);
    expect((await store.position()).shards.size).toBe(0);
  });

  test("changes nothing when it is repeated", async () => {
    isolated = await isolateInstalled(url());
    const store = await isolated.open();
    await store.keep([anEntry(anEvent({ type: "haproxy", value: '{"ST":200}' }), "events/s", 1)]);
    const { store: before } = await store.position();

    await installTemplates(isolated.client, indexTemplates(undefined, isolated.prefix));

    expect((await store.position()).store).toBe(before);
  });

  test("gives an index that is there already the fields that a template has gained", async () => {
    isolated = await isolateInstalled(url());
    const fields = { region: "keyword", seconds: "double" } as const;
    const declaration: EventTypeDeclaration = { name: "deploy", period: "month", retentionDays: 30, fields };
    const before = await isolated.open();
    await before.keep([anEntry(anEvent({ type: "deploy", value: '{"region":"north"}' }), "events/s", 1)]);

    await installTemplate(isolated.client, typeTemplate(declaration, isolated.prefix));

    const after = await isolated.open({ types: [...DEFAULT_EVENT_TYPES, declaration] });
    const event = anEvent({ type: "deploy", value: '{"region":"south","seconds":2.5}' });
    await after.keep([anEntry(event, "events/s", 2)]);
    await after.checkpoint("events/s", anEntry(event, "events/s", 2).point.seq);
    const query = { ...everyEvent("default"), types: ["deploy"] };
    const conditions = [{ field: "region", oneOf: ["south"] }];
    expect(await after.search({ ...query, conditions }, everything)).toEqual({ events: [event], total: 1 });
    expect(
      await after.aggregate(query, {
        aggregator: { type: "sum", field: { kind: "declared", name: "seconds" } },
        size: 10,
      }),
    ).toEqual({ value: 2.5 });
  });

  test("lets Vamp's readers count and average what HAProxy logged", async () => {
    isolated = await isolateInstalled(url());
    const store = await isolated.open();
    const lines = [
      '{"ft":"a1b2","ST":200,"Tt":10}',
      '{"ft":"a1b2","ST":503,"Tt":30}',
      '{"ft":"c3d4","ST":503,"Tt":70}',
    ];
    const entries = lines.map((value, index) =>
      anEntry(anEvent({ type: "haproxy", value }), "haproxy-logs/s", index + 1),
    );
    await store.keep(entries);
    await store.checkpoint("haproxy-logs/s", entries[2]?.point.seq ?? "");

    const { body } = await request(isolated.client, {
      method: "POST",
      path: `/${isolated.prefix}.haproxy.*/_search`,
      query: { filter_path: "hits.total.value,aggregations" },
      body: {
        size: 0,
        query: { bool: { filter: [{ term: { ft: "a1b2" } }, { range: { "@timestamp": { gt: "2026-03-01" } } }] } },
        aggs: {
          agg: { avg: { field: "Tt" } },
          errors: { filter: { range: { "http.response.status_code": { gte: 500 } } } },
        },
      },
    });

    expect(body).toEqual({
      hits: { total: { value: 2 } },
      aggregations: { agg: { value: 20 }, errors: { doc_count: 1 } },
    });
  });
});
