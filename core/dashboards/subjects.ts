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

/** A gateway as an artifact declares it. Vamp's HAProxy logs the lookup name instead of the name. */
export interface DeclaredGateway {
  readonly name: string;
  readonly lookupName?: string;
}

export interface KnownNames {
  readonly namespace: string;
  /** Gateways as events name them: by their name or lookup name. */
  readonly seenGateways: readonly string[];
  readonly declaredGateways: readonly DeclaredGateway[];
  /** By events or by artifacts. */
  readonly deployments: readonly string[];
}

/**
 * One gateway for each name, whether events or artifacts know it, in order of the names. A deployment's gateways are those
 * whose names begin with its own, as in `sava/web/9050`.
 */
export function subjectsOf({ namespace, seenGateways, declaredGateways, deployments }: KnownNames): DashboardSubjects {
  const nameOfLookup = new Map(declaredGateways.map(({ name, lookupName }) => [lookupName ?? name, name]));
  const tagsOf = new Map<string, Set<string>>();
  const add = (name: string, seen: string): void => {
    const tags = tagsOf.get(name) ?? new Set();
    tagsOf.set(name, tags.add(`gateways:${name}`).add(`gateways:${seen}`));
  };
  for (const { name, lookupName } of declaredGateways) add(name, lookupName ?? name);
  for (const seen of seenGateways) add(nameOfLookup.get(seen) ?? seen, seen);
  const gateways = [...tagsOf].map(([name, tags]) => ({ name, tags: [...tags].sort() })).sort(byName);
  return {
    namespace,
    gateways,
    deployments: [...new Set(deployments)].sort().map((name) => ({
      name,
      gateways: gateways.filter((gateway) => gateway.name.startsWith(`${name}/`)),
    })),
  };
}

const byName = (one: WatchedGateway, other: WatchedGateway): number => (one.name < other.name ? -1 : 1);
