import {
  DEFAULT_EVENT_TYPES,
  declarationOf,
  type EventTypeDeclaration,
  type FieldKind,
  HAPROXY_EVENT_TYPE,
  MAX_KEYWORD_CHARACTERS,
} from "#core/events/types/event-types.ts";
import { HAPROXY_FIELDS } from "#core/haproxy/logs/fields.ts";
import { checkpointIndex, DEFAULT_PREFIX, typeIndex } from "./index-names.ts";

/*
 * Data only: what OpenSearch must know before it takes an event. The deployment makes a custom resource of each.
 */

type Properties = Readonly<Record<string, object>>;

/** An index template by its name, and what `PUT _index_template` takes. */
export interface IndexTemplate {
  readonly name: string;
  /** An index that is there as soon as its template is. */
  readonly creates?: string;
  /** What it is for, where that is events: of a type, or of all that have no template of their own. */
  readonly keeps?: Omit<EventTypeDeclaration, "name">;
  readonly body: {
    readonly index_patterns: readonly string[];
    readonly priority: number;
    readonly template: {
      readonly settings: object;
      readonly mappings: { readonly dynamic: false; readonly properties: Properties };
    };
  };
}

const GENERIC_PRIORITY = 100;
const TYPE_PRIORITY = 200;

const exactText = { type: "keyword" };
const boundedText = { type: "keyword", ignore_above: MAX_KEYWORD_CHARACTERS };
const date = { type: "date", format: "strict_date_optional_time" };
const unindexedText = { type: "keyword", index: false, doc_values: false };
const unindexedNumber = { type: "long", index: false, doc_values: false };

/**
 * A copy of the timestamp for the index to be sorted by, and never to be filtered by: in an index that is sorted by a
 * field and has nested documents, 3.4 counts a range of that very field wrongly (in totals and in groups).
 */
export const SORT_FIELD = "instant";

const EVENT_PROPERTIES = {
  id: exactText,
  type: exactText,
  tags: exactText,
  timestamp: { ...date, copy_to: SORT_FIELD },
  [SORT_FIELD]: date,
  timestampText: unindexedText,
  receivedAt: date,
  value: unindexedText,
  number: { type: "double" },
  shard: exactText,
  seq: exactText,
} satisfies Properties;

const LEAVES: Properties = {
  leaves: { type: "nested", properties: { path: boundedText, number: { type: "double" } } },
};

/** `integer` columns would save nothing (doc values are packed) and fail on a query's number that is out of range. */
const FIELD_MAPPINGS: Readonly<Record<FieldKind, object>> = {
  keyword: boundedText,
  integer: { type: "long", ignore_malformed: true },
  long: { type: "long", ignore_malformed: true },
  double: { type: "double", ignore_malformed: true },
  boolean: { type: "boolean" },
};

/** The object that holds the declared fields of a document. */
export const FIELDS = "fields";

/** Elastic Common Schema's names for what HAProxy logs, where unit and form are the same. */
const ECS_NAMES: Readonly<Record<string, string>> = {
  "source.ip": "ci",
  "source.port": "cp",
  "http.request.method": "method",
  "http.request.bytes": "U",
  "http.response.status_code": "ST",
  "http.response.bytes": "B",
  "url.original": "uri",
};

/**
 * HAProxy's names at the root, where Vamp's readers look for them (`ft`, `Tt`, `ST`, `@timestamp` …), and those of ECS.
 * A document that has a field of an alias's name is refused, so none may be a name of ours. The names of a deployment's
 * own log-formats are found in `fields` alone: at the root one could be in the way of another.
 */
function haproxyAliases(fields: Readonly<Record<string, FieldKind>>): Properties {
  const aliases: Record<string, object> = { "@timestamp": { type: "alias", path: "timestamp" } };
  for (const name of Object.keys(HAPROXY_FIELDS))
    if (Object.hasOwn(fields, name)) aliases[name] = { type: "alias", path: `${FIELDS}.${name}` };
  for (const [name, field] of Object.entries(ECS_NAMES))
    if (Object.hasOwn(fields, field)) aliases[name] = { type: "alias", path: `${FIELDS}.${field}` };
  return aliases;
}

function typeProperties({ name, fields }: EventTypeDeclaration): Properties {
  if (fields === undefined) return { ...EVENT_PROPERTIES, ...LEAVES };
  const columns = Object.entries(fields).map(([field, kind]) => [field, FIELD_MAPPINGS[kind]]);
  return {
    ...EVENT_PROPERTIES,
    ...(name === HAPROXY_EVENT_TYPE && haproxyAliases(fields)),
    [FIELDS]: { dynamic: false, properties: Object.fromEntries(columns) },
  };
}

const EVENT_SETTINGS = {
  number_of_shards: 1,
  auto_expand_replicas: "0-1",
  // What a checkpoint declares readable is refreshed explicitly; this is for what has no checkpoint yet.
  refresh_interval: "10s",
  // The order of every list: its first page is then read and not sorted (16 times faster at a million events).
  sort: { field: [SORT_FIELD, "id"], order: ["desc", "desc"] },
  // A refresh waited for the merges that it began, up to 1.5 s: what was written is shown before, and merged meanwhile.
  merge_on_flush: { enabled: false },
  max_result_window: 10_000,
  mapping: { nested_objects: { limit: 256 } },
  // Groups by the specific tags of a generic one: its 512 characters, each escaped.
  max_regex_length: 2048,
};

/** Both are read by id and must be found by search soon after they are made. */
const BOOKKEEPING_SETTINGS = { number_of_shards: 1, auto_expand_replicas: "0-1", refresh_interval: "1s" };

function template(name: string, pattern: string, priority: number, settings: object, properties: Properties) {
  return {
    name,
    body: {
      index_patterns: [pattern],
      priority,
      template: { settings: { index: settings }, mappings: { dynamic: false, properties } },
    },
  } as const satisfies IndexTemplate;
}

/** Without it nothing is indexed: OpenSearch would guess mappings that cannot be put right later. */
export const genericTemplateName = (prefix: string): string => prefix;

export function genericTemplate(prefix = DEFAULT_PREFIX): IndexTemplate {
  const properties = { ...EVENT_PROPERTIES, ...LEAVES };
  const { name: _, ...keeps } = declarationOf("", []);
  return {
    ...template(genericTemplateName(prefix), `${prefix}.*`, GENERIC_PRIORITY, EVENT_SETTINGS, properties),
    keeps,
  };
}

export const typeTemplate = (declaration: EventTypeDeclaration, prefix = DEFAULT_PREFIX): IndexTemplate => {
  const { name: type, ...keeps } = declaration;
  const name = `${prefix}.${type}`;
  return { ...template(name, `${name}.*`, TYPE_PRIORITY, EVENT_SETTINGS, typeProperties(declaration)), keeps };
};

/** The prefix and the type that a template was made for by `typeTemplate`; undefined for another. */
export function typeOfTemplate({
  name,
  keeps,
}: IndexTemplate): { prefix: string; declaration: EventTypeDeclaration } | undefined {
  const dot = name.lastIndexOf(".");
  return keeps === undefined || dot < 0
    ? undefined
    : { prefix: name.slice(0, dot), declaration: { name: name.slice(dot + 1), ...keeps } };
}

/** How far each shard of the journal is readable. */
export function checkpointTemplate(prefix = DEFAULT_PREFIX): IndexTemplate {
  const name = checkpointIndex(prefix);
  const properties = { shard: exactText, seq: unindexedText, arrivedAtMs: unindexedNumber };
  return { ...template(name, name, TYPE_PRIORITY, BOOKKEEPING_SETTINGS, properties), creates: name };
}

/** Where each type's events go. */
export function typeRegistryTemplate(prefix = DEFAULT_PREFIX): IndexTemplate {
  const name = typeIndex(prefix);
  const properties = { type: exactText, index: exactText, period: exactText, declared: { type: "boolean" } };
  return { ...template(name, name, TYPE_PRIORITY, BOOKKEEPING_SETTINGS, properties), creates: name };
}

/** Everything a deployment with these types installs; the generic one last, as it lets the first event in. */
export const indexTemplates = (
  declared: readonly EventTypeDeclaration[] = DEFAULT_EVENT_TYPES,
  prefix = DEFAULT_PREFIX,
): readonly IndexTemplate[] => [
  checkpointTemplate(prefix),
  typeRegistryTemplate(prefix),
  ...declared.map((declaration) => typeTemplate(declaration, prefix)),
  genericTemplate(prefix),
];
