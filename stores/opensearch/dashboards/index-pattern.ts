import type { PanelField, PanelSource } from "#core/dashboards/panel.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/types/event-types.ts";
import { HAPROXY_FIELDS } from "#core/haproxy/logs/fields.ts";
import { searchPattern } from "#stores/opensearch/index-names.ts";
import { FIELDS } from "#stores/opensearch/index-templates.ts";
import { ownedPrefix, type SavedObject, type SavedObjectKey, savedObject } from "./saved-object.ts";

export const PANEL_SOURCES: readonly PanelSource[] = [HAPROXY_EVENT_TYPE, "health", "metrics", "events"];

/** Every template has it, and it is the field itself: `@timestamp` is an alias, which only log lines have. */
export const TIME_FIELD = "timestamp";

/** The indices that hold a source's events. */
const indicesOf = (prefix: string, namespace: string, source: PanelSource): string =>
  source === "events"
    ? searchPattern(prefix, namespace, [])
    : // Declared types never share an index.
      `${prefix}.${source}.${namespace}.*`;

export const indexPatternKey = (namespace: string, source: PanelSource): SavedObjectKey => ({
  type: "index-pattern",
  id: `${ownedPrefix(namespace)}${source}`,
});

/**
 * Without `fields`, which OpenSearch Dashboards asks of the indices when the pattern is first used, and keeps: the list
 * is that of the indices, whatever templates gain.
 */
export const indexPattern = (prefix: string, namespace: string, source: PanelSource): SavedObject =>
  savedObject(indexPatternKey(namespace, source), {
    title: indicesOf(prefix, namespace, source),
    timeFieldName: TIME_FIELD,
  });

/** Where a document has it. */
export const columnOf = (field: PanelField): string =>
  Object.hasOwn(HAPROXY_FIELDS, field) ? `${FIELDS}.${field}` : field;
