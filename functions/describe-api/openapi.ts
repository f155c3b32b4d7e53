import * as z from "zod";
import { draftEventSchema } from "#core/events/draft-event.ts";
import { eventQuerySchema } from "#core/events/event-query.ts";
import { BASE_PATH, type Route, routes } from "#functions/routes.ts";
import { VERSION } from "./version.ts";

type Json = Readonly<Record<string, unknown>>;

const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: Json): Json => ({ "application/json": { schema } });

/** What is particular to a route: its body, and what it answers when all is well. */
const particulars: Readonly<Record<string, { readonly body?: Json; readonly status?: string; readonly answer: Json }>> =
  {
    "POST /events": {
      body: {
        ...json({
          oneOf: [reference("DraftEvent"), { type: "array", items: reference("DraftEvent"), maxItems: 10_000 }],
        }),
        "application/x-ndjson": { schema: { type: "string" } },
        "application/cloudevents+json": { schema: { type: "object" } },
        "application/cloudevents-batch+json": { schema: { type: "array", items: { type: "object" } } },
      },
      status: "201",
      answer: json(reference("Event")),
    },
    "GET /events": { answer: json({ type: "array", items: reference("Event") }) },
    "POST /events/search": {
      body: json(reference("EventQuery")),
      answer: json({ type: "array", items: reference("Event") }),
    },
    "GET /events/{id}": { answer: json(reference("Event")) },
    "GET /events/aggregate": { answer: json(reference("Aggregation")) },
    "POST /events/aggregate": { body: json(reference("EventQuery")), answer: json(reference("Aggregation")) },
    "GET /events/stream": { answer: { "text/event-stream": { schema: { type: "string" } } } },
    "GET /event-types": { answer: json({ type: "array", items: { type: "object" } }) },
    "GET /openapi.json": { answer: json({ type: "object" }) },
    "GET /info": { answer: json({ type: "object" }) },
  };

const parameter = (name: string, place: "query" | "header", description: string, many = false): Json => ({
  name,
  in: place,
  description,
  schema: many ? { type: "array", items: { type: "string" } } : { type: "string" },
});

const filterParameters = [
  parameter("tag", "query", "A tag that must be on the event; repeat it for more", true),
  parameter("type", "query", "A type; repeat it for any of several", true),
  parameter("q", "query", "The query as JSON"),
];
const timeParameters = ["timestamp", "gte", "gt", "lte", "lt"].map((name) =>
  parameter(name, "query", "RFC 3339, a partial date, or date math like now-1h"),
);
const pageParameters = ["page", "per_page", "cursor", "after"].map((name) => parameter(name, "query", name));

const parametersOf: Readonly<Record<string, readonly Json[]>> = {
  "POST /events": [
    parameter("Idempotency-Key", "header", "A retry with the same key creates nothing new for 24 hours"),
    parameter("Pulse-Key", "header", "Events of the same key keep their order"),
  ],
  "GET /events": [...filterParameters, ...timeParameters, ...pageParameters],
  "POST /events/search": pageParameters,
  "GET /events/aggregate": [
    ...filterParameters,
    ...timeParameters,
    ...["aggregator", "field", "groupBy", "interval", "size", "percents", "after"].map((name) =>
      parameter(name, "query", name),
    ),
  ],
  "GET /events/stream": [
    ...filterParameters,
    parameter("named", "query", "false: frames without the event's type as their name"),
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
  const { body, status = "200", answer } = particulars[name] ?? { answer: json({ type: "number" }) };
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, segment]) => ({
    name: segment,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  return {
    summary: route.summary,
    operationId: name.replaceAll(/[^A-Za-z]+(\w?)/g, (_, next: string) => next.toUpperCase()),
    parameters: [...inPath, ...(parametersOf[name] ?? [])],
    ...(body === undefined ? {} : { requestBody: { required: true, content: body } }),
    responses: { [status]: { description: route.summary, content: answer }, default: problem },
  };
}

const schemaOf = (schema: z.ZodType): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return rest;
};

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
      schemas: {
        DraftEvent: schemaOf(draftEventSchema),
        EventQuery: schemaOf(eventQuerySchema),
        Event: event,
        Aggregation: {
          oneOf: ["value", "groups", "series"].map((name) => ({ type: "object", required: [name] })),
        },
        Problem: problemSchema,
      },
    },
  };
}
