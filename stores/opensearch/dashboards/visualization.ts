import type { Panel, PanelMetric, PanelSplit } from "#core/dashboards/panel.ts";
import { columnOf, TIME_FIELD } from "./index-pattern.ts";
import { type SavedObject, type SavedObjectKey, savedObject } from "./saved-object.ts";
import { hasOneOf, savedSearchKey, searchSource } from "./saved-search.ts";

export interface Visualization {
  readonly id: string;
  readonly title: string;
  readonly namespace: string;
  readonly panel: Panel;
  /** The saved search whose events it draws, where that has the panel's source. @default - all events of the source */
  readonly searchId?: string;
  /** Only events that have one of them; a search sees to that itself. @default - all */
  readonly tags?: readonly string[];
}

export const visualizationKey = (id: string): SavedObjectKey => ({ type: "visualization", id });

export function visualization({ id, title, namespace, panel, searchId, tags }: Visualization): SavedObject {
  const filters = [
    ...(tags === undefined ? [] : [hasOneOf(tags)]),
    ...(panel.tag === undefined ? [] : [hasOneOf([panel.tag])]),
  ];
  const { searchSourceJSON, references } = searchSource(namespace, panel.source, filters, {
    inherited: searchId !== undefined,
  });
  return savedObject(
    visualizationKey(id),
    {
      title,
      description: "",
      visState: JSON.stringify(visState(title, panel)),
      uiStateJSON: "{}",
      version: 1,
      kibanaSavedObjectMeta: { searchSourceJSON },
      ...(searchId !== undefined && { savedSearchRefName: SEARCH_REF }),
    },
    searchId === undefined ? references : [...references, { ...savedSearchKey(searchId), name: SEARCH_REF }],
  );
}

const SEARCH_REF = "search_0";

interface Agg {
  readonly id: string;
  readonly enabled: true;
  readonly type: string;
  readonly schema: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const agg = (id: number, type: string, schema: string, params: Agg["params"]): Agg => ({
  id: String(id),
  enabled: true,
  type,
  schema,
  params,
});

/** Numbers come first, so that what orders a split by the first of them names it `1`. */
function visState(title: string, panel: Panel) {
  const { drawn, metrics, split } = panel;
  const aggs = metrics.map((metric, place) => metricAgg(place + 1, metric));
  if (drawn !== "table") aggs.push(agg(aggs.length + 1, "date_histogram", "segment", OVER_TIME));
  if (split !== undefined) aggs.push(splitAgg(aggs.length + 1, split, drawn === "table" ? "bucket" : "group"));
  return drawn === "table"
    ? { title, type: "table", params: TABLE, aggs }
    : { title, type: drawn === "bars" ? "histogram" : "line", params: chart(panel), aggs };
}

const OVER_TIME = {
  field: TIME_FIELD,
  useNormalizedOpenSearchInterval: true,
  scaleMetricValues: false,
  interval: "auto",
  drop_partials: false,
  min_doc_count: 1,
  extended_bounds: {},
};

function metricAgg(id: number, metric: PanelMetric): Agg {
  const customLabel = metric.label;
  switch (metric.of) {
    case "events":
      return agg(id, "count", "metric", { customLabel });
    case "average":
      return agg(id, "avg", "metric", { field: columnOf(metric.field), customLabel });
    case "min":
      return agg(id, "min", "metric", { field: columnOf(metric.field), customLabel });
    case "percentile":
      return agg(id, "percentiles", "metric", {
        field: columnOf(metric.field),
        percents: [metric.percent],
        customLabel,
      });
  }
}

const splitAgg = (id: number, split: PanelSplit, schema: string): Agg =>
  agg(id, "terms", schema, {
    field: split.by === "tag" ? "tags" : columnOf(split.field),
    ...(split.by === "tag" && { include: `${split.generic}:.*` }),
    size: split.size,
    order: "desc",
    orderBy: "1",
    otherBucket: false,
    otherBucketLabel: "Other",
    missingBucket: false,
    missingBucketLabel: "Missing",
    customLabel: split.by === "tag" ? split.generic : split.field,
  });

const TABLE = {
  perPage: 10,
  showPartialRows: false,
  showMetricsAtAllLevels: false,
  sort: { columnIndex: null, direction: null },
  showTotal: false,
  totalFunc: "sum",
  percentageCol: "",
};

function chart({ drawn, unit, metrics }: Panel) {
  const type = drawn === "bars" ? "histogram" : "line";
  const valueAxis = "ValueAxis-1";
  return {
    type,
    grid: { categoryLines: false },
    categoryAxes: [
      {
        id: "CategoryAxis-1",
        type: "category",
        position: "bottom",
        show: true,
        style: {},
        scale: { type: "linear" },
        labels: { show: true, filter: true, truncate: 100 },
        title: {},
      },
    ],
    valueAxes: [
      {
        id: valueAxis,
        name: "LeftAxis-1",
        type: "value",
        position: "left",
        show: true,
        style: {},
        scale: { type: "linear", mode: "normal" },
        labels: { show: true, rotate: 0, filter: false, truncate: 100 },
        title: { text: unit },
      },
    ],
    seriesParams: metrics.map(({ label }, place) => ({
      show: true,
      type,
      mode: drawn === "bars" ? "stacked" : "normal",
      data: { label, id: String(place + 1) },
      valueAxis,
      drawLinesBetweenPoints: true,
      showCircles: true,
      interpolate: "linear",
      lineWidth: 2,
    })),
    addTooltip: true,
    addLegend: true,
    legendPosition: "right",
    times: [],
    addTimeMarker: false,
    labels: { show: false },
  };
}
