import type { Measuring } from "#core/workflows/measure-lines.ts";
import { publishAllocation } from "#core/workflows/publish-allocation.ts";
import { type MeasuringFunction, measureNamespaces } from "#functions/shared/measure-namespaces.ts";

/** Publishes what deployments are given. */
export const measureAllocationHandler = (
  namespaces: readonly string[],
  measuring: Omit<Measuring, "store">,
): MeasuringFunction =>
  measureNamespaces("allocation", namespaces, (namespace) => publishAllocation(namespace, measuring));
