import { type Measuring, measureLines } from "#core/workflows/measure-lines.ts";
import { type MeasuringFunction, measureNamespaces } from "#functions/shared/measure-namespaces.ts";

/** Publishes the health of gateways, routes and deployments, of every window that is due. */
export const measureHealthHandler = (namespaces: readonly string[], measuring: Measuring): MeasuringFunction =>
  measureNamespaces("health", namespaces, (namespace) => measureLines("health", namespace, measuring));
