import type { Panel, PanelMetric, PanelSplit } from "#core/dashboards/panel.ts";
import { GATEWAY_PANELS, OVERVIEW_PANELS } from "#core/dashboards/panels.ts";
import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";
import { columnOf, TIME_FIELD } from "./index-pattern.ts";

/*
 * A dashboard of Grafana for its OpenSearch data source, in the shapes of that plugin's sources
 * (grafana/opensearch-datasource, main):
 * provisioning/dashboards/aws-opensearch/web-traffic-example.json, src/types.ts, and aggregations.ts of
 * src/components/QueryEditor/{Bucket,Metric}AggregationsEditor; queries of variables are in its README.
 */

const PLUGIN = "grafana-opensearch-datasource";
/** Chosen at the top of the dashboard, as is the gateway. */
const DATA_SOURCE = { type: PLUGIN, uid: "$datasource" };
const GATEWAY = "$gateway";

/** The grid is 24 wide. */
const WIDTH = 12;
const HEIGHT = 8;

/**
 * Both halves, the overview and the chosen gateways, of one namespace. Its data source is one of all the namespace's
 * indices (`pulse.*.<namespace>.*`), so each panel asks for its type of events.
 */
export function grafanaDashboard(namespace: string) {
  const panels = [
    ...rowOf("All gateways", 0, OVERVIEW_PANELS, []),
    ...rowOf("Chosen gateways", OVERVIEW_PANELS.length + 1, GATEWAY_PANELS, [`tags:${GATEWAY}`]),
  ];
  return {
    uid: `pulse-${namespace}`,
    title: namespace === DEFAULT_NAMESPACE ? "Pulse" : `Pulse [${namespace}]`,
    description: `Data source: an OpenSearch one with the index pulse.*.${namespace}.* and the time field ${TIME_FIELD}.`,
    tags: ["pulse"],
    editable: true,
    graphTooltip: 1,
    schemaVersion: 39,
    time: { from: "now-1h", to: "now" },
    refresh: "30s",
    templating: { list: [dataSourceVariable, gatewayVariable] },
    annotations: { list: [] },
    panels: panels.map((panel, place) => ({ ...panel, id: place + 1 })),
  };
}

const dataSourceVariable = {
  name: "datasource",
  label: "Data source",
  type: "datasource",
  query: PLUGIN,
  current: {},
  options: [],
  hide: 0,
  refresh: 1,
};

/**
 * The tags of gateways, whole: Grafana writes those that are chosen into a query with all that needs escaping escaped.
 */
const gatewayVariable = {
  name: "gateway",
  label: "Gateway",
  type: "query",
  datasource: DATA_SOURCE,
  query: JSON.stringify({ find: "terms", field: "tags", query: 'type:"haproxy"', size: 1000 }),
  regex: "/^gateways:.+/",
  includeAll: true,
  multi: true,
  current: {},
  options: [],
  hide: 0,
  refresh: 2,
  sort: 1,
};

function rowOf(title: string, rowsBefore: number, panels: readonly Panel[], conditions: readonly string[]) {
  const top = rowsBefore * HEIGHT;
  return [
    { type: "row", title, collapsed: false, panels: [], gridPos: { x: 0, y: top, w: 2 * WIDTH, h: 1 } },
    ...panels.map((panel, place) => ({
      type: panel.drawn === "table" ? "table" : "timeseries",
      title: panel.title,
      datasource: DATA_SOURCE,
      gridPos: { x: (place % 2) * WIDTH, y: top + 1 + Math.floor(place / 2) * HEIGHT, w: WIDTH, h: HEIGHT },
      fieldConfig: { defaults: panel.drawn === "table" ? {} : drawnAs(panel), overrides: [] },
      options: panel.drawn === "table" ? { showHeader: true } : LEGEND,
      targets: [target(panel, conditions)],
    })),
  ];
}

const LEGEND = {
  legend: { showLegend: true, displayMode: "list", placement: "bottom", calcs: [] },
  tooltip: { mode: "multi", sort: "desc" },
};

const drawnAs = ({ drawn, unit }: Panel) => ({
  unit: unit === "ms" ? "ms" : "short",
  min: 0,
  custom: {
    drawStyle: drawn === "bars" ? "bars" : "line",
    fillOpacity: drawn === "bars" ? 80 : 0,
    lineWidth: 1,
    axisLabel: unit,
    stacking: { mode: drawn === "bars" ? "normal" : "none", group: "A" },
  },
});

function target(panel: Panel, conditions: readonly string[]) {
  const { source, tag, metrics, split, drawn } = panel;
  const types = source === "events" ? 'NOT type:"haproxy"' : `type:"${source}"`;
  const splits = split === undefined ? [] : [bucketOf(String(metrics.length + 1), split)];
  const overTime = {
    id: String(metrics.length + 2),
    type: "date_histogram",
    field: TIME_FIELD,
    settings: { interval: "auto", min_doc_count: "1", trimEdges: "0" },
  };
  return {
    refId: "A",
    datasource: DATA_SOURCE,
    queryType: "lucene",
    luceneQueryType: "Metric",
    format: "table",
    query: [types, ...(tag === undefined ? [] : [`tags:"${tag}"`]), ...conditions].join(" AND "),
    alias: "",
    timeField: TIME_FIELD,
    metrics: metrics.map((metric, place) => metricOf(String(place + 1), metric)),
    bucketAggs: drawn === "table" ? splits : [...splits, overTime],
  };
}

function metricOf(id: string, metric: PanelMetric) {
  switch (metric.of) {
    case "events":
      return { id, type: "count" };
    case "average":
      return { id, type: "avg", field: columnOf(metric.field) };
    case "min":
      return { id, type: "min", field: columnOf(metric.field) };
    case "percentile":
      return {
        id,
        type: "percentiles",
        field: columnOf(metric.field),
        settings: { percents: [String(metric.percent)] },
      };
  }
}

/**
 * Grafana's terms cannot be restricted to tags of one kind: filters for known values, or the
 * field that says the same, take their place.
 */
function bucketOf(id: string, split: PanelSplit) {
  if (split.by === "tag" && split.values !== undefined) {
    const { generic, values } = split;
    const filters = values.map((value) => ({ label: value, query: `tags:"${generic}:${value}"` }));
    return { id, type: "filters", settings: { filters } };
  }
  if (split.field === undefined) throw new TypeError(`Grafana cannot tell tags ${JSON.stringify(split)} apart`);
  const settings = { size: String(split.size), order: "desc", orderBy: "1", min_doc_count: "1" };
  return { id, type: "terms", field: columnOf(split.field), settings };
}
