import { type SavedObject, type SavedObjectKey, savedObject } from "./saved-object.ts";

export interface Dashboard {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** In reading order, two in a row. */
  readonly panels: readonly SavedObjectKey[];
}

/** The grid is 48 wide. */
const WIDTH = 24;
const HEIGHT = 14;
/** Of the panels' layout, from which OpenSearch Dashboards would carry older ones over. */
const PANEL_VERSION = "3.0.0";

const dashboardKey = (id: string): SavedObjectKey => ({ type: "dashboard", id });

export const dashboard = ({ id, title, description, panels }: Dashboard): SavedObject =>
  savedObject(
    dashboardKey(id),
    {
      title,
      description,
      hits: 0,
      panelsJSON: JSON.stringify(panels.map((_, place) => panelAt(place))),
      optionsJSON: JSON.stringify({ useMargins: true, hidePanelTitles: false }),
      version: 1,
      timeRestore: false,
      kibanaSavedObjectMeta: {
        searchSourceJSON: JSON.stringify({ query: { query: "", language: "kuery" }, filter: [] }),
      },
    },
    panels.map((panel, place) => ({ ...panel, name: refName(place) })),
  );

const refName = (place: number): string => `panel_${place}`;

function panelAt(place: number) {
  const panelIndex = String(place + 1);
  return {
    version: PANEL_VERSION,
    gridData: { x: (place % 2) * WIDTH, y: Math.floor(place / 2) * HEIGHT, w: WIDTH, h: HEIGHT, i: panelIndex },
    panelIndex,
    embeddableConfig: {},
    panelRefName: refName(place),
  };
}
