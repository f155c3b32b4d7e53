import type { Client } from "@opensearch-project/opensearch";
import { bad, type Finding, ok, warn } from "#cli/doctor/finding.ts";
import { counted } from "#cli/reporter.ts";
import { request } from "#stores/opensearch/client.ts";

interface ClusterHealth {
  readonly status: "green" | "yellow" | "red";
  readonly number_of_nodes: number;
  readonly active_shards: number;
  readonly unassigned_shards: number;
}

/** Whether every shard has its place. */
export async function checkCluster(client: Client): Promise<readonly Finding[]> {
  const { body: health } = await request<ClusterHealth>(client, { method: "GET", path: "/_cluster/health" });
  const missing = `${health.status}: ${counted(health.unassigned_shards, "shard")} on no node`;
  if (health.status === "red") return [bad("cluster", missing, "store-red")];
  if (health.status === "yellow") return [warn("cluster", missing, "store-yellow")];
  return [
    ok("cluster", `green: ${counted(health.active_shards, "shard")} on ${counted(health.number_of_nodes, "node")}`),
  ];
}
