import type { PanelSource } from "#core/dashboards/panel.ts";
import { columnOf, indexPatternKey, TIME_FIELD } from "./index-pattern.ts";
import { type SavedObject, type SavedObjectKey, type SavedObjectReference, savedObject } from "./saved-object.ts";

export interface SavedSearch {
  readonly id: string;
  readonly title: string;
  readonly namespace: string;
  readonly source: PanelSource;
  /** Only events that have one of them. @default - all */
  readonly tags?: readonly string[];
}

export const savedSearchKey = (id: string): SavedObjectKey => ({ type: "search", id });

const LOG_COLUMNS = (["ci", "method", "uri", "ST", "s", "Ta", "Tt", "tsc"] as const).map(columnOf);
const EVENT_COLUMNS = ["type", "tags", "number"];

/** A list of events to look through, on which pictures of them are built. */
export function savedSearch({ id, title, namespace, source, tags }: SavedSearch): SavedObject {
  const { searchSourceJSON, references } = searchSource(namespace, source, tags === undefined ? [] : [hasOneOf(tags)]);
  return savedObject(
    savedSearchKey(id),
    {
      title,
      description: "",
      hits: 0,
      columns: source === "haproxy" ? LOG_COLUMNS : EVENT_COLUMNS,
      sort: [[TIME_FIELD, "desc"]],
      version: 1,
      kibanaSavedObjectMeta: { searchSourceJSON },
    },
    references,
  );
}

/** A filter as it is asked: a term is matched whatever characters it has, where a query's text would need escaping. */
export interface Filter {
  /** As a person reads it. */
  readonly alias: string;
  readonly query: Readonly<Record<string, unknown>>;
}

export const hasOneOf = (tags: readonly string[]): Filter => ({
  alias: tags.join(" or "),
  query: { terms: { tags } },
});

/**
 * The events that a search or a picture shows: an index pattern, by its reference, and filters, which each refer to it
 * as well. What is built on a saved search inherits that one's pattern, and its filters besides its own.
 */
export function searchSource(
  namespace: string,
  source: PanelSource,
  filters: readonly Filter[],
  { inherited = false }: { readonly inherited?: boolean } = {},
): { readonly searchSourceJSON: string; readonly references: readonly SavedObjectReference[] } {
  const pattern = indexPatternKey(namespace, source);
  const filterRefName = (place: number): string => `${SEARCH_SOURCE}.filter[${place}].meta.index`;
  return {
    searchSourceJSON: JSON.stringify({
      query: { query: "", language: "kuery" },
      filter: filters.map(({ alias, query }, place) => filterOf(alias, query, filterRefName(place))),
      ...(!inherited && { indexRefName: INDEX_REF }),
    }),
    references: [
      ...(inherited ? [] : [{ ...pattern, name: INDEX_REF }]),
      ...filters.map((_, place) => ({ ...pattern, name: filterRefName(place) })),
    ],
  };
}

const SEARCH_SOURCE = "kibanaSavedObjectMeta.searchSourceJSON";
const INDEX_REF = `${SEARCH_SOURCE}.index`;

const filterOf = (alias: string, query: Filter["query"], indexRefName: string) => ({
  $state: { store: "appState" },
  meta: {
    alias,
    disabled: false,
    negate: false,
    type: "custom",
    key: "query",
    value: JSON.stringify(query),
    indexRefName,
  },
  query,
});
