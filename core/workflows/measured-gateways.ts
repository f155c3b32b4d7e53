import type { DeclaredGateway, DeclaredRoute, Topology } from "#core/workflows/topology.ts";
import { type Figures, type FrontendTraffic, NO_TRAFFIC, type Traffic } from "#core/workflows/traffic.ts";

/** A gateway, and what its lines come to. */
export interface MeasuredGateway {
  readonly name: string;
  readonly figures: Figures;
  readonly routes: readonly MeasuredRoute[];
}

export interface MeasuredRoute {
  readonly name: string;
  readonly figures: Figures;
}

/**
 * Every gateway that is declared, with its routes, and every frontend besides that has lines:
 * its routes are the backends they went to.
 */
export function measuredGateways(traffic: Traffic, { gateways }: Topology): MeasuredGateway[] {
  const frontends = new Set(gateways.flatMap(frontendsOf));
  return [
    ...gateways.map((gateway) => declaredGateway(traffic, gateway)),
    ...[...traffic]
      .filter(([frontend]) => !frontends.has(frontend))
      .map(([frontend, found]) => seenGateway(frontend, found)),
  ];
}

/** Vamp gives a gateway frontends besides: of its routes, and those that its conditions lead through. */
export const frontendsOf = ({ name, lookupName = name, routes }: DeclaredGateway): string[] => [
  lookupName,
  `o_${lookupName}`,
  ...routes.flatMap((route) => (route.lookupName === undefined ? [] : [route.lookupName, `im_${route.lookupName}`])),
];

function declaredGateway(traffic: Traffic, gateway: DeclaredGateway): MeasuredGateway {
  const { name, lookupName = name, routes } = gateway;
  const found = traffic.get(lookupName);
  return {
    name,
    figures: found?.all ?? NO_TRAFFIC,
    routes: routes.map((route) => ({ name: route.name, figures: routeFigures(traffic, found, route) })),
  };
}

/** A route is a frontend of its own, as Vamp makes them, or else a backend of its gateway, or a server. */
function routeFigures(
  traffic: Traffic,
  gateway: FrontendTraffic | undefined,
  { name, lookupName = name }: DeclaredRoute,
): Figures {
  const own = lookupName === name ? undefined : traffic.get(lookupName)?.all;
  if (own !== undefined) return own;
  if (gateway === undefined) return NO_TRAFFIC;
  for (const wanted of new Set([lookupName, name])) {
    const backend = gateway.parts.get(`backends:${wanted}`);
    if (backend !== undefined) return backend;
    const servers = [...gateway.parts].filter(([tag]) => tag.startsWith("servers:") && tag.endsWith(`/${wanted}`));
    const [busiest] = servers.map(([, figures]) => figures).sort((one, other) => other.requests - one.requests);
    if (busiest !== undefined) return busiest;
  }
  return NO_TRAFFIC;
}

const BACKEND = "backends:";

/** A backend of the frontend's own name is a `listen` section, or stands for requests that reached none: no route. */
const seenGateway = (frontend: string, { all, parts }: FrontendTraffic): MeasuredGateway => ({
  name: frontend,
  figures: all,
  routes: [...parts]
    .filter(([tag]) => tag.startsWith(BACKEND) && tag !== BACKEND + frontend)
    .map(([tag, figures]) => ({ name: tag.slice(BACKEND.length), figures })),
});
