import type { HAPROXY_FIELDS } from "#core/haproxy/logs/fields.ts";

/** Whose events a panel looks at: log lines, what was measured of them, or all that is no log line. */
export type PanelSource = "haproxy" | "health" | "metrics" | "events";

/** A declared field of log lines, the number that is an event's value, or an event's type. */
export type PanelField = keyof typeof HAPROXY_FIELDS | "number" | "type";

export type PanelMetric = { readonly label: string } & (
  | { readonly of: "events" }
  | { readonly of: "average" | "min"; readonly field: PanelField }
  | { readonly of: "percentile"; readonly percent: number; readonly field: PanelField }
);

/** By what the numbers of a panel are told apart: of each, the `size` that have most. */
export type PanelSplit =
  | { readonly by: "field"; readonly field: PanelField; readonly size: number }
  /**
   * The tags `<generic>:…`. Grafana cannot group by tags of one kind only: it takes these
   * `values`, or the `field` that says the same.
   */
  | {
      readonly by: "tag";
      readonly generic: string;
      readonly size: number;
      readonly values?: readonly string[];
      readonly field?: PanelField;
    };

/** One picture of a dashboard: which events, which numbers of them, drawn how. */
export interface Panel {
  /** Names it within its dashboard, for good. */
  readonly key: string;
  readonly title: string;
  readonly source: PanelSource;
  /** Besides those of its dashboard: the event has this one, too. */
  readonly tag?: string;
  readonly drawn: "bars" | "lines" | "table";
  /** Of the axis of numbers. */
  readonly unit: string;
  readonly metrics: readonly PanelMetric[];
  readonly split?: PanelSplit;
}
