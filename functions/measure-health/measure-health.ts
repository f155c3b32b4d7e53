import { type Measuring, measureLines } from "#core/workflows/measure-lines.ts";
import { type MeasuringFunction, measureNamespaces } from "#functions/shared/measure-namespaces.ts";
import type { Unmeasured } from "#functions/shared/metrics.ts";

/** Publishes the health of gateways, routes and deployments, of every window that is due. */
export const measureHealthHandler = (
  namespaces: readonly string[],
  measuring: Measuring,
  onMeasured?: (unmeasured: Unmeasured) => void,
): MeasuringFunction =>
  measureNamespaces("health", namespaces, (namespace) => measureLines("health", namespace, measuring), onMeasured);
