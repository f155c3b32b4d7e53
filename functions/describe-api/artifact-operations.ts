import { ARTIFACT_KINDS } from "#core/artifacts/artifact.ts";
import { CHANGES } from "#core/artifacts/artifact-state.ts";
import { YAML_TYPES } from "#core/artifacts/read-source.ts";
import { AFTER, header, integer, type Json, json, parameter, reference, text, time } from "./description-words.ts";

/** What a source says. */
const value: Json = { type: ["object", "array"] };

const artifact: Json = {
  type: "object",
  required: ["kind", "name", "version", "changedAt", "format"],
  properties: {
    kind: { enum: ARTIFACT_KINDS },
    name: text,
    version: integer,
    changedAt: time,
    format: { enum: ["json", "yaml"] },
    source: { ...text, description: "Where source=true asks for it" },
  },
};

const artifactVersion: Json = {
  type: "object",
  required: ["version", "change", "timestamp", "eventId"],
  properties: {
    version: integer,
    change: { enum: CHANGES },
    timestamp: time,
    eventId: { type: "string", format: "uuid" },
  },
};

/** What the operations below refer to. */
export const artifactSchemas = { Artifact: artifact, ArtifactVersion: artifactVersion };

const VERSION = {
  ETag: header("The version, for If-Match and If-None-Match"),
  "Last-Modified": header("When this version was made"),
};
const PAGING = {
  "X-Total-Count": header("How many there are in all", integer),
  Link: header("first, prev, next and last page"),
};
const source: Json = {
  "application/json": { schema: value },
  ...Object.fromEntries(YAML_TYPES.map((type) => [type, { schema: text }])),
};

const listing = (description: string, items: Json) => ({
  answers: { 200: { description, content: json({ type: "array", items }), headers: PAGING } },
});

const putting = (answered: Json) => ({
  body: source,
  answers: {
    201: {
      description: "Created",
      content: json(answered),
      headers: { ...VERSION, Location: header("Where the artifact can be read") },
    },
    200: { description: "Replaced, or like that already", content: json(answered), headers: VERSION },
  },
});

const finding = {
  answers: {
    200: { description: "The source, byte for byte", content: source, headers: VERSION },
    304: { description: "Not another version than that of If-None-Match", headers: VERSION },
  },
};

const deleting = { answers: { 204: { description: "Deleted" } } };

/** What is particular to each route of artifacts. */
export const artifactParticulars = {
  "GET /artifacts/{kind}": listing("The artifacts of the kind, by name", reference("Artifact")),
  "GET /{kind}": listing("The artifacts of the kind themselves, by name", value),
  "GET /artifacts/{kind}/{name}": finding,
  "GET /{kind}/{name}": finding,
  "PUT /artifacts/{kind}/{name}": putting(reference("Artifact")),
  "PUT /{kind}/{name}": putting(value),
  "DELETE /artifacts/{kind}/{name}": deleting,
  "DELETE /{kind}/{name}": deleting,
  "GET /artifacts/{kind}/{name}/history": listing("The versions, newest first", reference("ArtifactVersion")),
};

const paging = [
  parameter("page", "query", "From 1", { ...integer, default: 1 }),
  parameter("per_page", "query", "1 to 1000; more is clamped", { ...integer, default: 30 }),
];
const conditions = [
  parameter("If-Match", "header", 'Versions ("3"), or * for any: otherwise 412'),
  parameter("If-None-Match", "header", "The other way round; * for one that is not there"),
];
const reading = [
  ...conditions,
  parameter("at", "query", "As it was then, told by archive events: RFC 3339, a partial date, or date math"),
  AFTER,
];

export const artifactParameters: Readonly<Record<keyof typeof artifactParticulars, readonly Json[]>> = {
  "GET /artifacts/{kind}": [...paging, parameter("source", "query", "true: with sources", { enum: ["true", "false"] })],
  "GET /{kind}": paging,
  "GET /artifacts/{kind}/{name}": reading,
  "GET /{kind}/{name}": reading,
  "PUT /artifacts/{kind}/{name}": conditions,
  "PUT /{kind}/{name}": conditions,
  "DELETE /artifacts/{kind}/{name}": conditions,
  "DELETE /{kind}/{name}": conditions,
  "GET /artifacts/{kind}/{name}/history": [...paging, parameter("cursor", "query", "From a next link"), AFTER],
};

/** What a route's `{kind}` can be. */
export const kindSchema = (kinds: readonly string[] = ARTIFACT_KINDS): Json => ({ enum: kinds });
