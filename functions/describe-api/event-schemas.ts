import { draftEventSchema } from "#core/events/draft-event.ts";
import { AGGREGATORS, eventQuerySchema } from "#core/events/query/query-schema.ts";
import { FIELD_KINDS } from "#core/events/types/event-types.ts";
import * as z from "#core/zod.ts";
import { integer, type Json, listOf, reference, text, time } from "./description-words.ts";

/** Members that take one item as well as a list of them. */
const ONE_OR_MORE = new Set(["tags", "any", "none", "type"]);

function schemaOf(schema: z.ZodMiniType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema, path }) => {
      const name = String(path.at(-1));
      if (ONE_OR_MORE.has(name) && jsonSchema.type === "array")
        Object.assign(jsonSchema, { type: ["string", "array"] });
      if (name === "type" && path.at(-3) === "aggregator") Object.assign(jsonSchema, { enum: AGGREGATORS });
    },
  });
  return rest;
}

const event: Json = {
  type: "object",
  required: ["id", "type", "tags", "timestamp"],
  properties: {
    id: { type: "string", format: "uuid" },
    type: { type: "string" },
    tags: { type: "array", items: { type: "string" } },
    value: {},
    timestamp: time,
  },
};

const batch: Json = {
  type: "object",
  required: ["accepted", "rejected", "items"],
  properties: {
    accepted: integer,
    rejected: integer,
    items: listOf({
      type: "object",
      required: ["status"],
      properties: { status: integer, id: text, problem: reference("Problem") },
    }),
  },
};

const logBatch: Json = {
  type: "object",
  required: ["accepted", "unparsed", "rejected", "items"],
  properties: {
    accepted: { ...integer, description: "Durable, those that could not be parsed among them" },
    unparsed: { ...integer, description: "Kept as events that say why" },
    rejected: { ...integer, description: "Not taken: no log record (400), or to be sent again (503)" },
    items: {
      ...listOf({
        type: "object",
        required: ["line", "status"],
        properties: {
          line: { ...integer, description: "Its place in the body, from 1" },
          status: integer,
          id: text,
          unparsed: { type: "string", description: "Why" },
          problem: reference("Problem"),
        },
      }),
      description: "The lines that were not simply taken and parsed",
    },
  },
};

const aggregatedValue: Json = {
  description: "null where there is nothing to aggregate; an object for percentiles (by percent) and stats",
  type: ["number", "null", "object"],
};
const bucket = { at: time, count: integer, value: aggregatedValue };
const series = listOf({ type: "object", required: ["at", "count", "value"], properties: bucket });
const groups = listOf({
  type: "object",
  required: ["key", "count", "value"],
  properties: { key: { type: ["string", "number", "boolean"] }, count: integer, value: aggregatedValue, series },
});
const hints = {
  count: {
    ...integer,
    description: "How many events match, where none has what is aggregated, or by what they are grouped",
  },
  hint: { ...text, description: "The same where: what was looked for" },
};
const aggregation: Json = {
  oneOf: Object.entries({ value: aggregatedValue, groups, series }).map(([name, schema]) => ({
    type: "object",
    required: [name],
    properties: { [name]: schema, ...hints },
  })),
};

const eventType: Json = {
  type: "object",
  properties: {
    name: text,
    count: integer,
    newest: time,
    retentionDays: integer,
    period: { enum: ["day", "month"] },
    fields: { type: "object", additionalProperties: { enum: FIELD_KINDS } },
    index: text,
  },
};

const info: Json = {
  type: "object",
  properties: {
    name: text,
    version: text,
    engines: { type: "object", properties: { store: text, journal: text } },
    namespaces: listOf(text),
    position: text,
    shards: { type: "object", additionalProperties: text },
  },
};

const problemSchema: Json = {
  type: "object",
  required: ["type", "title", "status", "detail", "message"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    instance: { type: "string" },
    errors: {
      type: "array",
      items: { type: "object", properties: { pointer: { type: "string" }, detail: { type: "string" } } },
    },
    message: { type: "string" },
  },
};

/** What requests and answers hold, but for artifacts; those of requests are made of what checks them. */
export const eventSchemas: Readonly<Record<string, Json>> = {
  DraftEvent: schemaOf(draftEventSchema()),
  EventQuery: schemaOf(eventQuerySchema()),
  Event: event,
  Batch: batch,
  LogBatch: logBatch,
  Aggregation: aggregation,
  EventType: eventType,
  Info: info,
  Problem: problemSchema,
};
