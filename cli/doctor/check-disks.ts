import type { Client } from "@opensearch-project/opensearch";
import { bad, type Finding, ok, warn } from "#cli/doctor/finding.ts";
import { request } from "#stores/opensearch/client.ts";

interface NodeAllocation {
  readonly node: string;
  /** Null for what is on no node. */
  readonly "disk.used": string | null;
  readonly "disk.total": string | null;
}

interface Disk {
  readonly node: string;
  readonly usedBytes: number;
  readonly totalBytes: number;
}

type Watermark = "low" | "high" | "flood_stage";
/** From which use on a node gets no new shards, loses some, and is read only; as OpenSearch has them by default. */
const DEFAULT_WATERMARKS: Readonly<Record<Watermark, string>> = { low: "85%", high: "90%", flood_stage: "95%" };
const SETTING = "cluster.routing.allocation.disk.watermark";

/** How full each node's disk is, measured by the cluster's own watermarks. */
export async function checkDisks(client: Client): Promise<readonly Finding[]> {
  const [disks, watermarks] = await Promise.all([readDisks(client), readWatermarks(client)]);
  const found = disks.flatMap((disk) => checkDisk(disk, watermarks));
  if (found.length > 0) return found;
  const [fullest] = disks.map(usedPercent).sort((one, other) => other - one);
  return fullest === undefined ? [] : [ok("disks", `the fullest of ${disks.length} is ${fullest} % used`)];
}

function checkDisk(disk: Disk, watermarks: Readonly<Record<Watermark, string>>): readonly Finding[] {
  const says = `the disk of ${disk.node} is ${usedPercent(disk)} % used`;
  const isBeyond = (watermark: Watermark): boolean => isUsedUpTo(watermarks[watermark], disk);
  if (isBeyond("flood_stage"))
    return [bad("disks", `${says}: its indices take no writes (${watermarks.flood_stage})`, "store-writes-blocked")];
  if (isBeyond("high")) return [bad("disks", `${says}: shards are moved off it (${watermarks.high})`, "store-space")];
  if (isBeyond("low")) return [warn("disks", `${says}: it gets no new shards (${watermarks.low})`, "store-space")];
  return [];
}

const usedPercent = ({ usedBytes, totalBytes }: Disk): number => Math.round((100 * usedBytes) / totalBytes);

const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 2 ** 10,
  mb: 2 ** 20,
  gb: 2 ** 30,
  tb: 2 ** 40,
  pb: 2 ** 50,
};

/** A watermark is how much may be used (`85%`, `0.85`), or how much must be left (`20gb`). */
function isUsedUpTo(watermark: string, { usedBytes, totalBytes }: Disk): boolean {
  const [, figure, unit = ""] = /^([\d.]+)\s*([a-z%]*)$/.exec(watermark.toLowerCase()) ?? [];
  if (unit === "%") return usedBytes >= (Number(figure) / 100) * totalBytes;
  if (unit === "") return usedBytes >= Number(figure) * totalBytes;
  return totalBytes - usedBytes <= Number(figure) * (UNITS[unit] as number);
}

async function readDisks(client: Client): Promise<readonly Disk[]> {
  const { body } = await request<readonly NodeAllocation[]>(client, {
    method: "GET",
    path: "/_cat/allocation",
    query: { format: "json", bytes: "b", h: "node,disk.used,disk.total" },
  });
  return body.flatMap(({ node, "disk.used": used, "disk.total": total }) =>
    used === null || total === null ? [] : { node, usedBytes: Number(used), totalBytes: Number(total) },
  );
}

async function readWatermarks(client: Client): Promise<Readonly<Record<Watermark, string>>> {
  type Settings = Readonly<Record<string, string>>;
  const { body } = await request<Readonly<Record<"defaults" | "persistent" | "transient", Settings | undefined>>>(
    client,
    {
      method: "GET",
      path: "/_cluster/settings",
      query: { include_defaults: true, flat_settings: true, filter_path: `*.${SETTING}.*` },
    },
  );
  const set: Settings = { ...body.defaults, ...body.persistent, ...body.transient };
  const read = (watermark: Watermark): string => set[`${SETTING}.${watermark}`] ?? DEFAULT_WATERMARKS[watermark];
  return { low: read("low"), high: read("high"), flood_stage: read("flood_stage") };
}
