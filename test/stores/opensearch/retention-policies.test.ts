import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Client } from "@opensearch-project/opensearch";
import { openClient } from "#stores/opensearch/client.ts";
import { installRetention, type Retention, retentionPolicy } from "#stores/opensearch/retention-policies.ts";
import {
  type IndexStateManagement,
  openIndexStateManagement,
} from "#test/support/opensearch/index-state-management.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";

const ORDERS: Retention = {
  name: "pulse-orders",
  pattern: "pulse.orders.*",
  priority: 200,
  period: "month",
  retentionDays: 30,
  takesOver: true,
};
const OTHERS: Retention = {
  ...ORDERS,
  name: "pulse",
  pattern: "pulse.*",
  priority: 100,
  retentionDays: 396,
  takesOver: false,
};

/** In the form of the documentation: the plugin's own answers could not be recorded. */
describe("the retention of indices", () => {
  let ism: IndexStateManagement;
  let client: Client;
  let seen: string[];

  beforeEach(async () => {
    ism = await openIndexStateManagement();
    client = await openClient({ url: ism.url, auth: "none" });
    seen = [];
    ism.onRequest = (line) => void seen.push(line);
  });
  afterEach(async () => {
    await client.close();
    await ism.close();
  });

  const policyOf = (index: string) => ism.managed.get(index)?.policy;

  test("is a policy that deletes them when all of their period is past it", async () => {
    expect(await installRetention(client, ORDERS)).toBe(true);

    expect(ism.policies.get("pulse-orders")?.policy).toEqual({
      description: "Pulse: a month of events is deleted when all of it is 30 days ago",
      default_state: "kept",
      states: [
        { name: "kept", actions: [], transitions: [{ state_name: "past", conditions: { min_index_age: "61d" } }] },
        { name: "past", actions: [{ delete: {} }], transitions: [] },
      ],
      ism_template: [{ index_patterns: ["pulse.orders.*"], priority: 200 }],
    });
  });

  test("of days is that of the day alone", () => {
    const { policy } = retentionPolicy({ ...ORDERS, period: "day" });

    expect(policy.states[0]?.transitions).toEqual([{ state_name: "past", conditions: { min_index_age: "31d" } }]);
  });

  test("is given to indices that are there, and taken over from the policy of all others", async () => {
    ism.managed.set("pulse.orders.default.2026-01", undefined);
    ism.managed.set("pulse.health.default.2026-01", undefined);
    await installRetention(client, OTHERS);
    ism.managed.set("pulse.orders.default.2026-02", undefined);

    await installRetention(client, ORDERS);

    expect(policyOf("pulse.orders.default.2026-01")).toBe("pulse-orders");
    expect(policyOf("pulse.orders.default.2026-02")).toBe("pulse-orders");
    expect(policyOf("pulse.health.default.2026-01")).toBe("pulse");
  });

  test("of all others leaves to a type what is its own", async () => {
    ism.managed.set("pulse.orders.default.2026-01", undefined);
    await installRetention(client, ORDERS);

    await installRetention(client, OTHERS);
    await installRetention(client, { ...OTHERS, retentionDays: 3 });

    expect(policyOf("pulse.orders.default.2026-01")).toBe("pulse-orders");
  });

  test("that changes, changes for indices that are there", async () => {
    const names = Array.from({ length: 30 }, (_, index) => `pulse.orders.default.2026-01-${index}`);
    for (const name of names) ism.managed.set(name, undefined);
    await installRetention(client, ORDERS);

    await installRetention(client, { ...ORDERS, retentionDays: 7 });

    const { seqNo, policy } = ism.policies.get("pulse-orders") as { seqNo: number; policy: object };
    expect(JSON.stringify(policy)).toContain('"38d"');
    for (const name of names) expect(ism.managed.get(name)).toEqual({ policy: "pulse-orders", seqNo });
    expect(Math.max(...seen.map((line) => line.length))).toBeLessThan(4000);
  });

  test("that is as it was is only looked at", async () => {
    ism.managed.set("pulse.orders.default.2026-01", undefined);
    await installRetention(client, ORDERS);
    seen = [];

    await installRetention(client, ORDERS);

    expect(seen).toEqual(["GET /_plugins/_ism/policies/pulse-orders", "GET /_plugins/_ism/explain/pulse.orders.*"]);
  });

  test("is put again by a retry where somebody else just put it", async () => {
    ism.onRequest = (line) => {
      if (!line.startsWith("PUT")) return;
      ism.onRequest = () => {};
      (ism.policies as Map<string, object>).set("pulse-orders", { seqNo: 99, policy: { description: "another" } });
    };

    await expect(installRetention(client, ORDERS)).rejects.toMatchObject({ kind: "unavailable" });
    expect(await installRetention(client, ORDERS)).toBe(true);

    expect(JSON.stringify(ism.policies.get("pulse-orders"))).toContain("61d");
  });
});

describeOpenSearch("the retention of indices on a cluster without Index State Management", (url) => {
  test("is nobody's: the cluster says so, and nothing fails", async () => {
    const client = await openClient({ url: url(), auth: "none" });
    try {
      expect(await installRetention(client, ORDERS)).toBe(false);
    } finally {
      await client.close();
    }
  });
});
