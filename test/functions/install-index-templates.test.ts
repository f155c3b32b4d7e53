import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { CdkCustomResourceEvent } from "aws-lambda";
import { installIndexTemplatesHandler } from "#functions/install-index-templates/install-index-templates.ts";
import type { RetryPolicy } from "#stores/opensearch/backoff.ts";
import { openClient, request } from "#stores/opensearch/client.ts";
import {
  checkpointTemplate,
  genericTemplate,
  type IndexTemplate,
  typeTemplate,
} from "#stores/opensearch/index-templates.ts";
import { hasTemplate } from "#stores/opensearch/install-templates.ts";
import { type Isolated, isolate } from "#test/stores/opensearch/isolated-store.ts";
import { type Fault, openFaultyProxy } from "#test/support/faulty-proxy.ts";
import { describeOpenSearch } from "#test/support/opensearch.ts";

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
    expect(proxy.seen.length - before).toBe(2);
  });
});
