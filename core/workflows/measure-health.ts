import type { Measurement } from "#core/workflows/measured-event.ts";
import { type MeasuredGateway, measuredGateways } from "#core/workflows/measured-gateways.ts";
import type { Topology } from "#core/workflows/topology.ts";
import type { Figures, Traffic } from "#core/workflows/traffic.ts";

/**
 * 0 for what answered a request with a status of 500 or more, otherwise 1: gateways and routes by
 * their lines; a service by its routes of its cluster's ports, a cluster by its services, a deployment
 * by its clusters, each 0 where one of them is.
 */
export function measureHealth(traffic: Traffic, topology: Topology): Measurement[] {
  const gateways = measuredGateways(traffic, topology);
  return [...gateways.flatMap(healthOfGateway), ...healthOfDeployments(gateways, topology)];
}

const healthOf = ({ errors }: Figures): number => (errors > 0 ? 0 : 1);

const health = (tags: readonly string[], value: number): Measurement => ({
  type: "health",
  tags: [...tags, "health"],
  value,
});

const healthOfGateway = ({ name, figures, routes }: MeasuredGateway): Measurement[] => [
  health([`gateways:${name}`, "gateway"], healthOf(figures)),
  ...routes.map((route) => health([`gateways:${name}`, "route", `routes:${route.name}`], healthOf(route.figures))),
];

/** Health by service, by cluster. */
type ServicesOfClusters = Map<string, Map<string, number>>;

function healthOfDeployments(gateways: readonly MeasuredGateway[], { deployments }: Topology): Measurement[] {
  const clusters = new Map<string, ServicesOfClusters>();
  for (const deployment of deployments)
    for (const cluster of deployment.clusters) {
      const services = servicesIn(clusters, deployment.name, cluster.name);
      for (const service of cluster.services) services.set(service.name, 1);
    }
  for (const { name, routes } of gateways) {
    const [, deployment, cluster] = PORT_OF_CLUSTER.exec(name) ?? [];
    if (deployment === undefined || cluster === undefined) continue;
    const services = servicesIn(clusters, deployment, cluster);
    const prefix = `${deployment}/${cluster}/`;
    for (const route of routes) {
      const service = route.name.startsWith(prefix) ? route.name.slice(prefix.length) : "";
      if (service !== "") services.set(service, (services.get(service) ?? 1) * healthOf(route.figures));
    }
  }
  return [...clusters].flatMap(([deployment, ofClusters]) => healthOfDeployment(deployment, ofClusters));
}

/** Vamp's name of a gateway that is a port of a cluster. */
const PORT_OF_CLUSTER = /^([^/]+)\/([^/]+)\/[^/]+$/;

function servicesIn(
  deployments: Map<string, ServicesOfClusters>,
  deployment: string,
  cluster: string,
): Map<string, number> {
  const clusters = deployments.get(deployment) ?? new Map<string, Map<string, number>>();
  const services = clusters.get(cluster) ?? new Map<string, number>();
  deployments.set(deployment, clusters);
  clusters.set(cluster, services);
  return services;
}

function healthOfDeployment(deployment: string, clusters: ServicesOfClusters): Measurement[] {
  const measured: Measurement[] = [];
  let ofDeployment = 1;
  for (const [cluster, services] of clusters) {
    const tags = [`deployments:${deployment}`, `clusters:${cluster}`];
    let ofCluster = 1;
    for (const [service, value] of services) {
      measured.push(health([...tags, "service", `services:${service}`], value));
      ofCluster *= value;
    }
    measured.push(health([...tags, "cluster"], ofCluster));
    ofDeployment *= ofCluster;
  }
  return [...measured, health([`deployments:${deployment}`, "deployment"], ofDeployment)];
}
