import { type Measuring, measureLines } from "#core/workflows/measure-lines.ts";
import { type MeasuringFunction, measureNamespaces } from "#functions/shared/measure-namespaces.ts";
import type { Unmeasured } from "#functions/shared/metrics.ts";

/** Publishes the metrics of gateways and routes, of every window that is due. */
export const measureMetricsHandler = (
  namespaces: readonly string[],
  measuring: Measuring,
  onMeasured?: (unmeasured: Unmeasured) => void,
): MeasuringFunction =>
  measureNamespaces("metrics", namespaces, (namespace) => measureLines("metrics", namespace, measuring), onMeasured);
