import { MAX_GROUPS } from "#core/events/query/aggregation.ts";
import { AGGREGATORS } from "#core/events/query/query-schema.ts";
import {
  AFTER,
  header,
  type Json,
  json,
  listOf,
  type Particulars,
  parameter,
  reference,
  text,
} from "./description-words.ts";

const RECEIPT = { "Pulse-Receipt": header("For `after`: queries that must see this write") };
const POSITION = {
  "Pulse-Position": header("For `Last-Event-ID`: where a stream goes on from what this answer looked at"),
};
const PAGING = {
  ...POSITION,
  "X-Total-Count": header("How many events match in all", { type: "integer" }),
  Link: header("first, prev, next and last page; the next one by cursor where it lies deeper than 10,000 events"),
};

/** What is particular to each route, but for those of artifacts and the views, by its method and path. */
export const eventParticulars: Readonly<Record<string, Particulars>> = {
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

export const eventParameters: Readonly<Record<string, readonly Json[]>> = {
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
  "GET /events/stream": [
    ...filterParameters,
    parameter("named", "query", "false: frames without the event's type as their name", { enum: ["true", "false"] }),
    parameter("last-event-id", "query", "Where to resume, for clients that cannot send the header"),
    parameter("Last-Event-ID", "header", "Where to resume; 0 for all that the journal still holds"),
  ],
};
