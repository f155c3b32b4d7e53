import { hash } from "node:crypto";

/*
 * Objects of OpenSearch Dashboards, in the shapes of its own sources (opensearch-project/OpenSearch-Dashboards, main):
 * - what `_export` writes, with `migrationVersion` and `references`: docs/openapi/saved_objects/examples/import.ndjson
 *   and cypress/fixtures/opensearch_dashboards/visBuilder/vb_saved_objects.ndjson. A `coreMigrationVersion` is
 *   Kibana's alone.
 * - names of references, and of each type the version of its last migration: the *_migrations.ts of
 *   src/plugins/{data,discover,visualizations,dashboard}/server/saved_objects
 * - `savedSearchRefName`: src/plugins/visualizations/public/saved_visualizations/saved_visualization_references.ts
 * - attributes: src/plugins/home/server/services/sample_data/data_sets/{logs,ecommerce}/saved_objects.ts
 */

/** The types that Pulse makes, each with the version that its shape is of. Those that others refer to come first. */
export const MIGRATION_VERSIONS = {
  "index-pattern": "7.6.0",
  search: "7.9.3",
  visualization: "7.10.0",
  dashboard: "7.9.3",
} as const;

export type SavedObjectType = keyof typeof MIGRATION_VERSIONS;
export const SAVED_OBJECT_TYPES = Object.keys(MIGRATION_VERSIONS) as readonly SavedObjectType[];

export interface SavedObjectKey {
  readonly type: SavedObjectType;
  readonly id: string;
}

/** How an object names another: its attributes have the name, the list has whom it means. */
export interface SavedObjectReference extends SavedObjectKey {
  readonly name: string;
}

export interface SavedObject extends SavedObjectKey {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly references: readonly SavedObjectReference[];
  readonly migrationVersion: Readonly<Record<string, string>>;
}

export const savedObject = (
  { type, id }: SavedObjectKey,
  attributes: SavedObject["attributes"],
  references: readonly SavedObjectReference[] = [],
): SavedObject => ({ id, type, attributes, references, migrationVersion: { [type]: MIGRATION_VERSIONS[type] } });

/** What `_import` takes: an object a line. */
export const toNdjson = (objects: readonly SavedObject[]): string =>
  objects.map((object) => `${JSON.stringify(object)}\n`).join("");

/**
 * Ids of Pulse's objects: `pulse.<namespace>.…`, where a gateway's or a deployment's name, which may hold anything,
 * stands as its hash. A namespace has no dot, so none is the beginning of another.
 */
export const ownedPrefix = (namespace: string): string => `pulse.${namespace}.`;

/** What a dashboard is about. */
export type Subject = "overview" | { readonly kind: "gateway" | "deployment"; readonly name: string };

export const subjectId = (namespace: string, subject: Subject): string =>
  `${ownedPrefix(namespace)}${subject === "overview" ? subject : `${subject.kind}.${shortHash(subject.name)}`}`;

/** 64 bits: of a thousand names, two are alike once in 10^13 deployments. */
const shortHash = (name: string): string => hash("sha256", name).slice(0, 16);
