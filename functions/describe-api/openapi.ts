import { MAX_GROUPS } from "#core/events/aggregation.ts";
import { draftEventSchema } from "#core/events/draft-event.ts";
import { AGGREGATORS, eventQuerySchema } from "#core/events/event-query.ts";
import { FIELD_KINDS } from "#core/events/event-types.ts";
import * as z from "#core/zod.ts";
import { BASE_PATH, type Route, rightFor, routes } from "#functions/routes.ts";
import { artifactParameters, artifactParticulars, artifactSchemas, kindSchema } from "./artifact-operations.ts";
import { failureResponses, failuresOf } from "./failures.ts";
import { VERSION } from "./version.ts";

type Json = Readonly<Record<string, unknown>>;

const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: Json): Json => ({ "application/json": { schema } });

const text: Json = { type: "string" };
const listOf = (items: Json): Json => ({ type: "array", items });
const header = (description: string, schema: Json = text): Json => ({ description, schema });

const RECEIPT = { "Pulse-Receipt": header("For `after`: queries that must see this write") };
const POSITION = {
  "Pulse-Position": header("For `Last-Event-ID`: where a stream goes on from what this answer looked at"),
};
const PAGING = {
  ...POSITION,
  "X-Total-Count": header("How many events match in all", { type: "integer" }),
  Link: header("first, prev, next and last page; the next one by cursor where it lies deeper than 10,000 events"),
};

interface Answer {
  readonly description: string;
  readonly content?: Json;
  readonly headers?: Json;
}

/** What is particular to a route: its body, and what it answers when all is well. */
const particulars: Readonly<
  Record<string, { readonly body?: Json; readonly answers: Readonly<Record<string, Answer>> }>
> = {
  "POST /events": {
    body: {
      ...json({ oneOf: [reference("DraftEvent"), { ...listOf(reference("DraftEvent")), maxItems: 10_000 }] }),
      "application/x-ndjson": { schema: text },
      "application/cloudevents+json": { schema: { type: "object" } },
      "application/cloudevents-batch+json": { schema: listOf({ type: "object" }) },
    },
    answers: {
      201: {
        description: "One event, durable in the journal",
        content: json(reference("Event")),
        headers: { ...RECEIPT, Location: header("Where the event can be read") },
      },
      200: { description: "Many: what became of each, in order", content: json(reference("Batch")), headers: RECEIPT },
    },
  },
  "GET /events": listing("Events, newest first; or, with an aggregator in the query, its numbers"),
  "POST /events/search": { body: json(reference("EventQuery")), ...listing("Events, newest first") },
  "GET /events/{id}": { answers: { 200: { description: "The event", content: json(reference("Event")) } } },
  "GET /events/aggregate": aggregating(),
  "POST /events/aggregate": { body: json(reference("EventQuery")), ...aggregating() },
  "GET /events/stream": {
    answers: {
      200: {
        description: "Frames: id = position, event = type, data = the event; control frames are named pulse.*",
        content: { "text/event-stream": { schema: text } },
      },
    },
  },
  "GET /event-types": {
    answers: { 200: { description: "Types that have events", content: json(listOf(reference("EventType"))) } },
  },
  ...artifactParticulars,
  "POST /haproxy/logs": {
    body: { "text/plain": { schema: text }, "application/x-ndjson": { schema: text } },
    answers: {
      200: {
        description: "Each line that was taken is durable; those that need a word are listed",
        content: json(reference("LogBatch")),
        headers: RECEIPT,
      },
    },
  },
  "GET /openapi.json": { answers: { 200: { description: "This description", content: json({ type: "object" }) } } },
  "GET /info": { answers: { 200: { description: "Version, engines, position", content: json(reference("Info")) } } },
};

function listing(description: string) {
  return { answers: { 200: { description, content: json(listOf(reference("Event"))), headers: PAGING } } };
}

function aggregating() {
  const description = "A value, groups of values, or a series of them";
  return { answers: { 200: { description, content: json(reference("Aggregation")), headers: POSITION } } };
}

const NUMBER: Answer = { description: "The newest number of the last 30 s, bare", content: json({ type: "number" }) };

const parameter = (name: string, place: "query" | "header", description: string, schema: Json = text): Json => ({
  name,
  in: place,
  description,
  schema,
});

const filterParameters = [
  parameter("tag", "query", "A tag that must be on the event; repeat it for more", listOf(text)),
  parameter(
    "type",
    "query",
    "A type; repeat it for any of several. haproxy events, being many, come only when asked for",
    listOf(text),
  ),
  parameter("q", "query", "The query as JSON; with it, or a body, no other parameter of the query is looked at"),
];
const TIME = "RFC 3339, a partial date, or date math like now-1h; write + as %2B";
const timeParameters = [
  parameter("timestamp", "query", `An exact instant (${TIME}), or a JSON object of gte, gt, lte, lt`),
  ...["gte", "gt", "lte", "lt"].map((name) => parameter(name, "query", TIME)),
];
const AFTER = parameter("after", "query", "A Pulse-Receipt: waits up to 5 s until that write is visible");
const pageParameters = [
  parameter("page", "query", "From 1", { type: "integer", default: 1 }),
  parameter("per_page", "query", "1 to 1000; more is clamped", { type: "integer", default: 30 }),
  parameter(
    "cursor",
    "query",
    "From a next link, or * to begin: stable however deep and whatever is written meanwhile",
  ),
  AFTER,
];

const aggregationParameters = [
  ...filterParameters,
  ...timeParameters,
  parameter("aggregator", "query", "What is computed", { enum: AGGREGATORS, default: "count" }),
  parameter("field", "query", "value (the number itself), a.b (inside objects), or a declared field", {
    type: "string",
    default: "value",
  }),
  parameter("groupBy", "query", "type, tag, tag:<generic>, or a field"),
  parameter("interval", "query", "Of a series: 30s, 1m, 1h, 1d …"),
  parameter("size", "query", "How many groups", { type: "integer", default: 100, maximum: MAX_GROUPS }),
  parameter("percents", "query", "Of percentiles, separated by commas"),
  AFTER,
];

const parametersOf: Readonly<Record<string, readonly Json[]>> = {
  "POST /events": [
    parameter("Idempotency-Key", "header", "A retry with the same key creates nothing new for 24 hours"),
    parameter("Pulse-Key", "header", "Events of the same key keep their order"),
    parameter("Pulse-Hops", "header", "That of the trigger's delivery which led to this, so that a loop is stopped"),
  ],
  "GET /events": [...filterParameters, ...timeParameters, ...pageParameters],
  "POST /events/search": [...filterParameters, ...timeParameters, ...pageParameters],
  "POST /events/aggregate": aggregationParameters,
  "GET /events/aggregate": aggregationParameters,
  "POST /haproxy/logs": [
    parameter("source", "query", "The gateway's name, for lines that do not say it"),
    parameter("zone", "query", "Of the gateway's clock, for lines that do not say it: Europe/Berlin, +02:00 or UTC"),
    parameter("Content-Encoding", "header", "gzip: the body is inflated", { enum: ["gzip", "identity"] }),
  ],
  ...artifactParameters,
  "GET /events/stream": [
    ...filterParameters,
    parameter("named", "query", "false: frames without the event's type as their name", { enum: ["true", "false"] }),
    parameter("last-event-id", "query", "Where to resume, for clients that cannot send the header"),
    parameter("Last-Event-ID", "header", "Where to resume; 0 for all that the journal still holds"),
  ],
};

const problem: Json = {
  description: "A problem (RFC 9457)",
  content: { "application/problem+json": { schema: reference("Problem") } },
};

function operationOf(route: Route): Json {
  const name = `${route.method} ${route.path}`;
  const { body, answers } = particulars[name] ?? { answers: { 200: NUMBER } };
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, segment]) => ({
    name: segment,
    in: "path",
    required: true,
    schema: segment === "kind" ? kindSchema(route.kinds) : text,
  }));
  return {
    summary: route.summary,
    operationId: name.replaceAll(/[^A-Za-z]+(\w?)/g, (_, next: string) => next.toUpperCase()),
    parameters: [...inPath, ...(parametersOf[name] ?? [])],
    ...(body === undefined ? {} : { requestBody: { required: true, content: body } }),
    // Which of these it takes is a setting of the deployment; the last one is nothing at all.
    security: [{ accessToken: [rightFor(route)] }, { apiKey: [rightFor(route)] }, { awsSignature: [] }, {}],
    responses: { ...answers, ...failuresOf(route), default: problem },
  };
}

const inAuthorization = (description: string): Json => ({
  type: "apiKey",
  in: "header",
  name: "Authorization",
  description,
});

const securitySchemes: Json = {
  accessToken: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
  apiKey: inAuthorization("token <API key>"),
  awsSignature: inAuthorization("A request signed with SigV4"),
};

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
    timestamp: { type: "string", format: "date-time" },
  },
};

const integer: Json = { type: "integer" };

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
const bucket = { at: { type: "string", format: "date-time" }, count: integer, value: aggregatedValue };
const series = listOf({ type: "object", required: ["at", "count", "value"], properties: bucket });
const groups = listOf({
  type: "object",
  required: ["key", "count", "value"],
  properties: { key: { type: ["string", "number", "boolean"] }, count: integer, value: aggregatedValue, series },
});
const aggregation: Json = {
  oneOf: Object.entries({ value: aggregatedValue, groups, series }).map(([name, schema]) => ({
    type: "object",
    required: [name],
    properties: { [name]: schema },
  })),
};

const eventType: Json = {
  type: "object",
  properties: {
    name: text,
    count: integer,
    newest: { type: "string", format: "date-time" },
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

/** OpenAPI 3.1, made from the table of routes and the schemas that requests are checked with. */
export function openApiDescription(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const operations = paths[route.path] ?? {};
    operations[route.method.toLowerCase()] = operationOf(route);
    paths[route.path] = operations;
  }
  return {
    openapi: "3.1.0",
    info: { title: "Pulse", version: VERSION, description: "The central event stream of a platform" },
    servers: [
      { url: BASE_PATH },
      { url: `/{namespace}${BASE_PATH}`, variables: { namespace: { default: "default" } } },
    ],
    paths,
    components: {
      securitySchemes,
      responses: failureResponses,
      schemas: {
        DraftEvent: schemaOf(draftEventSchema),
        EventQuery: schemaOf(eventQuerySchema),
        Event: event,
        Batch: batch,
        LogBatch: logBatch,
        Aggregation: aggregation,
        EventType: eventType,
        ...artifactSchemas,
        Info: info,
        Problem: problemSchema,
      },
    },
  };
}
