import type { Panel, PanelMetric, PanelSplit } from "#core/dashboards/panel.ts";

const events = (label: string): PanelMetric => ({ of: "events", label });
const REQUESTS = events("requests");

/** HAProxy's own formats log the active time `Ta` of HTTP and the whole session `Tt` of TCP; Vamp's logs `Tt`. */
const TIMES: readonly PanelMetric[] = [
  { of: "average", field: "Tt", label: "average Tt" },
  { of: "percentile", percent: 95, field: "Tt", label: "p95 of Tt" },
  { of: "average", field: "Ta", label: "average Ta" },
  { of: "percentile", percent: 95, field: "Ta", label: "p95 of Ta" },
];

const STATUS_CLASSES: PanelSplit = {
  by: "tag",
  generic: "status",
  size: 5,
  values: ["1xx", "2xx", "3xx", "4xx", "5xx"],
};
const SERVER_ERROR = "status:5xx";
const GATEWAYS: PanelSplit = { by: "tag", generic: "gateways", size: 20, field: "frontend" };
const SERVERS: PanelSplit = { by: "tag", generic: "servers", size: 50, field: "s" };

const totalTime: Panel = {
  key: "total-time",
  title: "total time",
  source: "haproxy",
  drawn: "lines",
  unit: "ms",
  metrics: TIMES,
};

const statusClasses: Panel = {
  key: "status-classes",
  title: "status classes",
  source: "haproxy",
  drawn: "bars",
  unit: "requests",
  metrics: [REQUESTS],
  split: STATUS_CLASSES,
};

/** What every gateway together do, and what else happens. */
export const OVERVIEW_PANELS: readonly Panel[] = [
  {
    key: "requests",
    title: "request count by gateway",
    source: "haproxy",
    drawn: "bars",
    unit: "requests",
    metrics: [REQUESTS],
    split: GATEWAYS,
  },
  totalTime,
  statusClasses,
  {
    key: "errors",
    title: "errors (5xx) by gateway",
    source: "haproxy",
    tag: SERVER_ERROR,
    drawn: "bars",
    unit: "requests",
    metrics: [REQUESTS],
    split: GATEWAYS,
  },
  {
    key: "unparsed",
    title: "log lines in no known format",
    source: "haproxy",
    tag: "format:unparsed",
    drawn: "bars",
    unit: "lines",
    metrics: [events("lines")],
    split: { by: "field", field: "reason", size: 10 },
  },
  {
    key: "event-types",
    title: "events by type",
    source: "events",
    drawn: "bars",
    unit: "events",
    metrics: [events("events")],
    split: { by: "field", field: "type", size: 20 },
  },
];

/** What one gateway does; the first two are those that Vamp drew. */
export const GATEWAY_PANELS: readonly Panel[] = [
  {
    key: "requests",
    title: "request count",
    source: "haproxy",
    drawn: "bars",
    unit: "requests",
    metrics: [REQUESTS],
  },
  totalTime,
  statusClasses,
  {
    key: "errors",
    title: "errors (5xx)",
    source: "haproxy",
    tag: SERVER_ERROR,
    drawn: "bars",
    unit: "requests",
    metrics: [REQUESTS],
    split: { by: "field", field: "ST", size: 10 },
  },
  {
    key: "servers",
    title: "servers",
    source: "haproxy",
    drawn: "table",
    unit: "requests",
    metrics: [REQUESTS, ...TIMES],
    split: SERVERS,
  },
  health("health"),
];

/** Of the deployment itself; panels of each of its gateways follow (`GATEWAY_PANELS_OF_DEPLOYMENT`). */
export const DEPLOYMENT_PANELS: readonly Panel[] = [health("health")];

/** Which of a gateway's panels a deployment shows. */
export const GATEWAY_PANELS_OF_DEPLOYMENT: readonly string[] = ["requests", "total-time"];

/** 1 is well, 0 is not: the lowest of each interval is what tells. */
function health(key: string): Panel {
  return {
    key,
    title: "health",
    source: "health",
    drawn: "lines",
    unit: "health",
    metrics: [{ of: "min", field: "number", label: "lowest health" }],
  };
}
