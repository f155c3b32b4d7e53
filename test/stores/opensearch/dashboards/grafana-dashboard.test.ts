import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { grafanaDashboard } from "#stores/opensearch/dashboards/grafana-dashboard.ts";
import { type PanelAnswer, runAggs } from "#test/stores/opensearch/dashboards/run-panel.ts";
import { keepSampleEvents } from "#test/stores/opensearch/dashboards/sample-events.ts";
import { type Isolated, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";

jest.setTimeout(60_000);

interface Target {
  readonly query: string;
  readonly timeField: string;
  readonly metrics: readonly { id: string; type: string; field?: string; settings?: { percents: string[] } }[];
  readonly bucketAggs: readonly {
    id: string;
    type: string;
    field?: string;
    settings: { filters?: { label: string; query: string }[]; size?: string; order?: string; orderBy?: string };
  }[];
}

interface GrafanaPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}

const panelsOf = (namespace = "default"): readonly GrafanaPanel[] =>
  grafanaDashboard(namespace).panels as readonly GrafanaPanel[];

describe("the dashboard of Grafana", () => {
  test("has an id for each panel, and none lies over another", () => {
    const panels = panelsOf();
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );

    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(cells).size).toBe(cells.length);
  });

  test("is one for each namespace", () => {
    expect(grafanaDashboard("team-a")).toMatchObject({ uid: "pulse-team-a", title: "Pulse [team-a]" });
    expect(grafanaDashboard("default").title).toBe("Pulse");
  });

  test("asks for the gateways that log, and takes the chosen ones into the lower half alone", () => {
    const { templating } = grafanaDashboard("default");
    const gateway = templating.list.find(({ name }) => name === "gateway");
    const [, ...above] = panelsOf().slice(
      0,
      panelsOf().findIndex(({ title }) => title === "Chosen gateways"),
    );
    const below = panelsOf().slice(above.length + 2);

    expect(JSON.parse(gateway?.query ?? "")).toMatchObject({ find: "terms", field: "tags" });
    expect(above.every(({ targets }) => !targets?.[0]?.query.includes("$gateway"))).toBe(true);
    expect(below.every(({ targets }) => targets?.[0]?.query.endsWith(" AND tags:$gateway"))).toBe(true);
    expect(below.length).toBeGreaterThan(4);
  });
});

describeOpenSearch("the dashboard of Grafana on indices", (url) => {
  let isolated: Isolated;

  beforeAll(async () => {
    isolated = await isolateInstalled(url());
    await keepSampleEvents(await isolated.open(), "default");
  });
  afterAll(() => isolated.remove());

  /** What the plugin asks, with these gateways chosen, as Grafana writes several of them into a query. */
  function run({ query, metrics, bucketAggs }: Target, gateways: string): Promise<PanelAnswer> {
    const filters = [{ query_string: { analyze_wildcard: true, query: query.replace("$gateway", gateways) } }];
    const aggs = [
      ...metrics.map(({ id, type, field, settings }) => ({
        id,
        type,
        schema: "metric",
        params: { customLabel: `${type} ${field ?? ""}`.trim(), field, percents: settings?.percents },
      })),
      ...bucketAggs.map(({ id, type, field, settings }) => ({
        id,
        type,
        schema: "bucket",
        params: {
          field,
          ...settings,
          ...(settings.filters && {
            filters: Object.fromEntries(
              settings.filters.map(({ label, query: one }) => [label, { query_string: { query: one } }]),
            ),
          }),
        },
      })),
    ];
    return runAggs(isolated.client, `${isolated.prefix}.*.default.*`, filters, aggs);
  }

  const drawn = panelsOf().filter(({ type }) => type !== "row");

  test.each(drawn.map((panel) => [`${panel.id} ${panel.title}`, panel] as const))(
    "shows numbers in panel %s",
    async (_, { targets }) => {
      const { rows } = await run(targets?.[0] as Target, '("gateways:web" OR "gateways:tcp-in")');

      const numbers = rows.flatMap((row) => Object.values(row.numbers));
      expect(numbers.some((number) => number !== null && number >= 0)).toBe(true);
    },
  );

  test("counts what the chosen gateways logged", async () => {
    const statusClasses = drawn.findLast(({ title }) => title === "status classes");

    const { total, rows } = await run(statusClasses?.targets?.[0] as Target, '("gateways:web")');

    expect(total).toBe(3);
    expect(Object.fromEntries(rows.map(({ keys, numbers }) => [keys[0], numbers.count]))).toEqual({
      "2xx": 1,
      "4xx": 1,
      "5xx": 1,
    });
  });
});
