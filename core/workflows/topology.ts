import { isRecord } from "#core/json.ts";

/** A gateway as its artifact declares it. */
export interface DeclaredGateway {
  readonly name: string;
  /** What HAProxy calls its frontend, where that is not its name. */
  readonly lookupName?: string;
  readonly routes: readonly DeclaredRoute[];
}

export interface DeclaredRoute {
  readonly name: string;
  /** What HAProxy calls it: a frontend of its own, a backend or a server. */
  readonly lookupName?: string;
}

export interface DeclaredDeployment {
  readonly name: string;
  readonly clusters: readonly DeclaredCluster[];
}

export interface DeclaredCluster {
  readonly name: string;
  readonly services: readonly DeclaredService[];
}

export interface DeclaredService {
  /** Of its breed. */
  readonly name: string;
  readonly instances: number;
  /** Of each instance: cores, and megabytes. */
  readonly cpu: number;
  readonly memoryMb: number;
}

/** What artifacts declare: what is measured even while there are no lines of it. */
export interface Topology {
  readonly gateways: readonly DeclaredGateway[];
  readonly deployments: readonly DeclaredDeployment[];
}

/** An artifact's name, and what its source says. */
export interface DeclaredSource {
  readonly name: string;
  readonly value: unknown;
}

/**
 * What the sources of gateways and deployments declare. They are read tolerantly: what has another shape than Vamp's is
 * passed over. The ports of clusters are gateways, named as Vamp names them, unless there is an artifact of that name.
 */
export function toTopology(gateways: readonly DeclaredSource[], deployments: readonly DeclaredSource[]): Topology {
  const byName = new Map(deployments.flatMap(portsOf).map((gateway) => [gateway.name, gateway]));
  for (const { name, value } of gateways) byName.set(name, toGateway(name, value));
  return { gateways: [...byName.values()], deployments: deployments.map(toDeployment) };
}

const toGateway = (name: string, value: unknown, toRouteName = (route: string) => route): DeclaredGateway => ({
  name,
  ...lookupNameOf(value),
  routes: entriesOf(memberOf(value, "routes"))
    .filter(([route]) => isName(route))
    .map(([route, described]) => ({ name: toRouteName(route), ...lookupNameOf(described) })),
});

function lookupNameOf(value: unknown): { readonly lookupName?: string } {
  const lookupName = memberOf(value, "lookup_name");
  return typeof lookupName === "string" && isName(lookupName) ? { lookupName } : {};
}

/**
 * The ports of a deployment's clusters: `<deployment>/<cluster>/<port>`, their routes
 * `<deployment>/<cluster>/<service>`.
 */
const portsOf = ({ name: deployment, value }: DeclaredSource): DeclaredGateway[] =>
  entriesOf(memberOf(value, "clusters")).flatMap(([cluster, described]) => {
    const prefix = `${deployment}/${cluster}/`;
    const toRouteName = (route: string): string => (route.startsWith(prefix) ? route : prefix + route);
    return entriesOf(memberOf(described, "gateways")).map(([port, gateway]) =>
      toGateway(prefix + port, gateway, toRouteName),
    );
  });

const toDeployment = ({ name, value }: DeclaredSource): DeclaredDeployment => ({
  name,
  clusters: entriesOf(memberOf(value, "clusters")).map(([cluster, described]) => ({
    name: cluster,
    services: listOf(memberOf(described, "services")).flatMap(toService),
  })),
});

function toService(value: unknown): DeclaredService[] {
  const breed = memberOf(value, "breed");
  const name = typeof breed === "string" ? breed : (memberOf(breed, "name") ?? memberOf(breed, "reference"));
  if (typeof name !== "string" || !isName(name)) return [];
  const scale = memberOf(value, "scale");
  const running = listOf(memberOf(value, "instances")).length;
  return [
    {
      name,
      instances: quantityOf(memberOf(scale, "instances"), COUNT) ?? running,
      cpu: quantityOf(memberOf(scale, "cpu"), CORES) ?? 0,
      memoryMb: quantityOf(memberOf(scale, "memory"), MEGABYTES) ?? 0,
    },
  ];
}

const COUNT: Readonly<Record<string, number>> = { "": 1 };
const CORES: Readonly<Record<string, number>> = { "": 1, m: 1 / 1000 };
/** Vamp counts in powers of 1024 whatever the unit is called. */
const MEGABYTES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1 / 1024 ** 2,
  k: 1 / 1024,
  m: 1,
  g: 1024,
  t: 1024 ** 2,
};

/** A number, or one with a unit: `0.5`, `"500m"`, `"256MB"`, `"1.5 GiB"`. */
function quantityOf(value: unknown, units: Readonly<Record<string, number>>): number | undefined {
  const [, number, unit = ""] = /^\s*(\d{1,15}(?:\.\d{1,15})?)\s*([a-z]?)(?:i?b)?\s*$/i.exec(String(value)) ?? [];
  const factor = units[unit.toLowerCase()];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}

const memberOf = (value: unknown, key: string): unknown =>
  isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;

/** Members of a map; a list of names is a map of nothing. */
function entriesOf(value: unknown): [string, unknown][] {
  if (typeof value === "string") return [[value, undefined]];
  if (Array.isArray(value)) return value.flatMap((name) => (typeof name === "string" ? [[name, undefined]] : []));
  return isRecord(value) ? Object.entries(value) : [];
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const LONGEST_NAME = 256;

/** What can stand in a tag. */
const isName = (name: string): boolean => name !== "" && name.length <= LONGEST_NAME && name.isWellFormed();
