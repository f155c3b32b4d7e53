import { frontendsOf } from "#core/workflows/measured-gateways.ts";
import type { Topology } from "#core/workflows/topology.ts";

/** A gateway that has a dashboard: its events carry one of these tags. */
export interface WatchedGateway {
  readonly name: string;
  readonly tags: readonly string[];
}

/** A deployment that has one, and its gateways. */
export interface WatchedDeployment {
  readonly name: string;
  readonly gateways: readonly WatchedGateway[];
}

/** What the dashboards of a namespace are about. */
export interface DashboardSubjects {
  readonly namespace: string;
  readonly gateways: readonly WatchedGateway[];
  readonly deployments: readonly WatchedDeployment[];
}

/** Names of gateways and deployments as events have them in their tags. */
export interface SeenNames {
  readonly gateways: readonly string[];
  readonly deployments: readonly string[];
}

export const NOTHING_DECLARED: Topology = { gateways: [], deployments: [] };

/**
 * One gateway for each name that events or artifacts know, in the order of the names. Vamp's HAProxy logs a gateway by
 * its lookup name, and its routes as frontends of their own, which are no gateways. A deployment's gateways are those
 * whose names begin with its own, as in `sava/web/9050`.
 */
export function subjectsOf(namespace: string, seen: SeenNames, declared: Topology): DashboardSubjects {
  const tagsOf = new Map(
    declared.gateways.map(({ name, lookupName = name }) => [
      name,
      new Set([`gateways:${name}`, `gateways:${lookupName}`]),
    ]),
  );
  const frontends = new Set(declared.gateways.flatMap(frontendsOf));
  for (const name of seen.gateways)
    if (!frontends.has(name) && !tagsOf.has(name)) tagsOf.set(name, new Set([`gateways:${name}`]));
  const gateways = [...tagsOf].map(([name, tags]) => ({ name, tags: [...tags].sort() })).sort(byName);
  const deployments = new Set([...seen.deployments, ...declared.deployments.map(({ name }) => name)]);
  return {
    namespace,
    gateways,
    deployments: [...deployments].sort().map((name) => ({
      name,
      gateways: gateways.filter((gateway) => gateway.name.startsWith(`${name}/`)),
    })),
  };
}

const byName = (one: WatchedGateway, other: WatchedGateway): number => (one.name < other.name ? -1 : 1);
