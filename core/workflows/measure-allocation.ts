import { type Measurement, round } from "#core/workflows/measured-event.ts";
import type { DeclaredService, Topology } from "#core/workflows/topology.ts";

/** What the services of each deployment are given, all their instances together: cores, megabytes, instances. */
export const measureAllocation = ({ deployments }: Topology): Measurement[] =>
  deployments.map(({ name, clusters }) => {
    const services = clusters.flatMap((cluster) => cluster.services);
    const sum = (of: (service: DeclaredService) => number): number =>
      round(services.reduce((total, service) => total + service.instances * of(service), 0));
    return {
      type: "allocation",
      tags: ["allocation", `deployments:${name}`],
      value: { cpu: sum(({ cpu }) => cpu), memory: sum(({ memoryMb }) => memoryMb), instances: sum(() => 1) },
    };
  });
