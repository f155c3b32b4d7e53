import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { CdkCustomResourceEvent } from "aws-lambda";
import { installIndexTemplatesHandler } from "#functions/install-index-templates/install-index-templates.ts";
import { log } from "#functions/shared/log.ts";
import type { RetryPolicy } from "#stores/opensearch/backoff.ts";
import { openClient, request } from "#stores/opensearch/client.ts";
import {
  checkpointTemplate,
  genericTemplate,
  type IndexTemplate,
  indexTemplates,
  typeRegistryTemplate,
  typeTemplate,
} from "#stores/opensearch/index-templates.ts";
import { hasTemplate, installTemplates } from "#stores/opensearch/install-templates.ts";
import { type Isolated, isolate } from "#test/stores/opensearch/isolated-store.ts";
import { type Fault, openFaultyProxy } from "#test/support/http/faulty-proxy.ts";
import { openIndexStateManagement } from "#test/support/opensearch/index-state-management.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";

jest.setTimeout(60_000);

const AT_ONCE: RetryPolicy = { tries: 3, baseMs: 1, maxMs: 1 };
const FORBIDDEN: Fault = { kind: "answer", status: 403, body: '{"error":{"type":"security_exception"}}' };

const asked = (RequestType: "Create" | "Update" | "Delete", template: IndexTemplate, PhysicalResourceId?: string) =>
  ({
    RequestType,
    PhysicalResourceId,
    ResourceProperties: { name: template.name, template: JSON.stringify(template) },
  }) as unknown as CdkCustomResourceEvent;

describeOpenSearch("install-index-templates", (url) => {
  let isolated: Isolated;
  const closing: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    isolated = await isolate(url());
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await isolated.remove();
  });

  /** The handler behind a proxy on which the first requests go wrong. */
  async function handlerWith(...faults: Fault[]) {
    const proxy = await openFaultyProxy(url(), () => faults.shift());
    const client = await openClient({ url: proxy.url, auth: "none" });
    closing.push(() => client.close(), proxy.close);
    return { handler: installIndexTemplatesHandler(client, AT_ONCE), proxy };
  }

  const isInstalled = (template: IndexTemplate) => hasTemplate(isolated.client, template.name);
  const hasIndex = async (index: string) =>
    (await request(isolated.client, { method: "HEAD", path: `/${index}`, expect: [404] })).status === 200;

  test.each(["Create", "Update"] as const)(
    "installs the template, and the index it comes with, on %s",
    async (type) => {
      const { handler } = await handlerWith();
      const template = checkpointTemplate(isolated.prefix);

      const first = await handler(asked(type, template));
      const again = await handler(asked(type, template));

      expect([first, again]).toEqual([
        { PhysicalResourceId: `template:${template.name}` },
        { PhysicalResourceId: `template:${template.name}` },
      ]);
      expect(await isInstalled(template)).toBe(true);
      expect(await hasIndex(template.name)).toBe(true);
    },
  );

  test("removes the template on Delete, and no index, even if it is gone already", async () => {
    const { handler } = await handlerWith();
    const template = checkpointTemplate(isolated.prefix);
    const { PhysicalResourceId } = await handler(asked("Create", template));

    await handler(asked("Delete", template, PhysicalResourceId));
    await handler(asked("Delete", template, PhysicalResourceId));

    expect(await isInstalled(template)).toBe(false);
    expect(await hasIndex(template.name)).toBe(true);
  });

  test("removes nothing for a resource that was never created", async () => {
    const { handler } = await handlerWith();
    const template = genericTemplate(isolated.prefix);
    await handler(asked("Create", template));

    await handler(asked("Delete", template, "stack-logical-id-1ABC"));

    expect(await isInstalled(template)).toBe(true);
  });

  test("makes another resource of a template of another name", async () => {
    const { handler } = await handlerWith();
    const [before, after] = ["before", "after"].map((name) =>
      typeTemplate({ name, period: "month", retentionDays: 30 }, isolated.prefix),
    ) as [IndexTemplate, IndexTemplate];
    const created = await handler(asked("Create", before));

    const updated = await handler(asked("Update", after, created.PhysicalResourceId));

    expect(updated.PhysicalResourceId).not.toBe(created.PhysicalResourceId);
    expect([await isInstalled(before), await isInstalled(after)]).toEqual([true, true]);
  });

  describe("of a type that was declared while Pulse ran", () => {
    const deployed = { name: "t", period: "month", retentionDays: 30, fields: { sku: "keyword" } } as const;
    const declared = { name: "t", period: "month", retentionDays: 7, fields: { amount: "double" } } as const;

    async function fieldsOfTemplate(name: string): Promise<string[]> {
      type Answer = {
        index_templates: {
          index_template: { template: { mappings: { properties: { fields?: { properties: object } } } } };
        }[];
      };
      const path = `/_index_template/${name}`;
      const { body } = await request<Answer>(isolated.client, { method: "GET", path });
      const { properties } = body.index_templates[0]?.index_template.template.mappings ?? {};
      return Object.keys(properties?.fields?.properties ?? {}).sort();
    }

    test("a deployment takes nothing of what was declared, and adds its own", async () => {
      const { handler } = await handlerWith();
      const store = await isolated.open();
      await handler(asked("Create", typeRegistryTemplate(isolated.prefix)));
      await store.register.declare(declared, 1);
      const template = typeTemplate(deployed, isolated.prefix);

      await handler(asked("Update", template));

      expect(await fieldsOfTemplate(template.name)).toEqual(["amount", "sku"]);
    });

    test("a deployment that goes without it leaves what was declared", async () => {
      const { handler } = await handlerWith();
      const store = await isolated.open();
      await handler(asked("Create", typeRegistryTemplate(isolated.prefix)));
      const template = typeTemplate(deployed, isolated.prefix);
      const { PhysicalResourceId } = await handler(asked("Create", template));
      await store.register.declare(declared, 1);

      await handler(asked("Delete", template, PhysicalResourceId));

      expect(await fieldsOfTemplate(template.name)).toEqual(["amount"]);
    });

    test("a process of this machine starts with both, and queries know them", async () => {
      await installTemplates(isolated.client, indexTemplates([deployed], isolated.prefix));
      const store = await isolated.open({ types: [deployed] });
      await store.register.declare(declared, 1);
      await installTemplates(isolated.client, indexTemplates([deployed], isolated.prefix));

      const other = await isolated.open({ types: [deployed] });

      expect(await fieldsOfTemplate(`${isolated.prefix}.t`)).toEqual(["amount", "sku"]);
      expect(await other.types()).toEqual([{ ...declared, fields: { amount: "double", sku: "keyword" } }]);
    });
  });

  test("says in its log, as an error, that nothing will be deleted, where the cluster cannot", async () => {
    const { handler } = await handlerWith();
    const said: string[] = [];
    const spy = jest.spyOn(log, "error").mockImplementation((...logged) => void said.push(String(logged[0])));

    await handler(asked("Create", typeTemplate({ name: "t", period: "day", retentionDays: 30 }, isolated.prefix)));
    await handler(asked("Create", checkpointTemplate(isolated.prefix)));
    spy.mockRestore();

    expect(said).toEqual([expect.stringContaining("nothing deletes events that are past their retention")]);
  });

  test("installs how long events are kept, where the cluster can delete by itself", async () => {
    const ism = await openIndexStateManagement();
    const client = await openClient({ url: ism.url, auth: "none" });
    closing.push(() => client.close(), ism.close);
    const handler = installIndexTemplatesHandler(client, AT_ONCE);
    const logged = jest.spyOn(log, "error");

    await handler(asked("Create", typeTemplate({ name: "t", period: "day", retentionDays: 30 })));
    await handler(asked("Create", genericTemplate()));
    await handler(asked("Create", checkpointTemplate()));

    expect(logged).not.toHaveBeenCalled();
    logged.mockRestore();

    expect([...ism.policies.keys()]).toEqual(["pulse-t", "pulse"]);
    expect(ism.policies.get("pulse-t")?.policy).toMatchObject({
      ism_template: [{ index_patterns: ["pulse.t.*"], priority: 200 }],
    });
    expect(ism.policies.get("pulse")?.policy).toMatchObject({
      ism_template: [{ index_patterns: ["pulse.*"], priority: 100 }],
    });
  });

  describe("where OpenSearch is not ready", () => {
    test("waits until it lets the function in", async () => {
      const { handler } = await handlerWith(FORBIDDEN, { kind: "lost-request" });
      const template = genericTemplate(isolated.prefix);

      await handler(asked("Create", template));

      expect(await isInstalled(template)).toBe(true);
    });

    test("fails the deployment in the end", async () => {
      const { handler, proxy } = await handlerWith(...Array.from({ length: 10 }, () => FORBIDDEN));

      await expect(handler(asked("Create", genericTemplate(isolated.prefix)))).rejects.toThrow("security_exception");
      expect(proxy.seen).toHaveLength(3);
    });
  });

  test("fails at once where a field would change its kind", async () => {
    const { handler, proxy } = await handlerWith();
    const declared = (kind: "keyword" | "long") =>
      typeTemplate({ name: "t", period: "month", retentionDays: 30, fields: { f: kind } }, isolated.prefix);
    await handler(asked("Create", declared("keyword")));
    await request(isolated.client, { method: "PUT", path: `/${isolated.prefix}.t.default.2026-03` });
    const before = proxy.seen.length;

    await expect(handler(asked("Update", declared("long")))).rejects.toThrow("fields.f");
    // What was declared of the type meanwhile, the template, the mapping.
    expect(proxy.seen.length - before).toBe(3);
  });
});
