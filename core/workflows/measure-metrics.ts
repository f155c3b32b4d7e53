import { type Measurement, round } from "#core/workflows/measured-event.ts";
import { measuredGateways } from "#core/workflows/measured-gateways.ts";
import type { Topology } from "#core/workflows/topology.ts";
import type { Figures, Traffic } from "#core/workflows/traffic.ts";
import type { Window } from "#core/workflows/window.ts";

/**
 * What is measured, under its tag: requests per second, and times in milliseconds. The first two
 * are Vamp's. Of no requests everything is 0.
 */
const METRICS: Readonly<Record<string, (figures: Figures, seconds: number) => number>> = {
  "metrics:rate": ({ requests }, seconds) => requests / seconds,
  "metrics:responseTime": ({ times }) => times.averageMs,
  "metrics:responseTime:p50": ({ times }) => times.p50Ms,
  "metrics:responseTime:p95": ({ times }) => times.p95Ms,
  "metrics:responseTime:p99": ({ times }) => times.p99Ms,
  "metrics:queueTime": ({ queueMs }) => queueMs,
  "metrics:errorRatio": ({ requests, errors }) => (requests === 0 ? 0 : errors / requests),
};

/** The metrics of every gateway and route. */
export function measureMetrics(traffic: Traffic, topology: Topology, { fromMs, toMs }: Window): Measurement[] {
  const seconds = (toMs - fromMs) / 1000;
  const metrics = (tags: readonly string[], figures: Figures): Measurement[] =>
    Object.entries(METRICS).map(([metric, measure]) => ({
      type: "metrics",
      tags: [...tags, metric],
      value: round(measure(figures, seconds)),
    }));
  return measuredGateways(traffic, topology).flatMap(({ name, figures, routes }) => [
    ...metrics([`gateways:${name}`, "gateway"], figures),
    ...routes.flatMap((route) => metrics([`gateways:${name}`, `routes:${route.name}`, "route"], route.figures)),
  ]);
}
