import type { APIGatewayProxyResult } from "aws-lambda";
import { invalidInput, PulseError } from "#core/errors.ts";
import { type CreateOptions, type CreateOutcome, createEvents, type EventIntake } from "#core/events/create-events.ts";
import { type DraftEvent, fromCloudEvent, parseCloudEvent, parseDraft, parseDrafts } from "#core/events/draft-event.ts";
import { toEventJson } from "#core/events/event.ts";
import { toReceiptText } from "#core/events/stream/receipt.ts";
import { compactJson } from "#core/events/values/json-text.ts";
import { parseJson } from "#core/json.ts";
import { jsonAnswer } from "#functions/shared/http/answer.ts";
import { type ApiHandler, api } from "#functions/shared/http/api.ts";
import { statusOf, toProblem } from "#functions/shared/http/problem.ts";
import { type ApiRequest, mediaTypeOf, percentDecoded } from "#functions/shared/http/request.ts";

/** `POST /events`: one event → 201 and the event; many → 200 and what became of each. */
export const createEventsHandler = (namespaces: readonly string[], intake: EventIntake): ApiHandler =>
  api(namespaces, (request) => {
    const options = optionsOf(request);
    const form = formOf(request);
    if (form !== "event" && form !== "cloudevent" && form !== "binary-cloudevent")
      return createMany(parseDrafts(request.text(), form), options, intake);
    return createOne(draftOf(request, form), request.base, options, intake);
  });

function draftOf(request: ApiRequest, form: "event" | "cloudevent" | "binary-cloudevent"): DraftEvent {
  if (form === "binary-cloudevent") return fromBinaryCloudEvent(request);
  return form === "event" ? parseDraft(request.text()) : parseCloudEvent(request.text());
}

async function createOne(
  draft: DraftEvent,
  base: string,
  options: CreateOptions,
  intake: EventIntake,
): Promise<APIGatewayProxyResult> {
  const [outcome] = (await createEvents([{ draft }], options, intake)) as [CreateOutcome];
  if ("refused" in outcome) throw outcome.refused;
  const { event, point } = outcome;
  return jsonAnswer(201, toEventJson(event), {
    location: `${base}/events/${event.id}`,
    "pulse-receipt": toReceiptText([point], event.namespace, event.receivedAtMs),
  });
}

async function createMany(
  drafts: Parameters<typeof createEvents>[0],
  options: CreateOptions,
  intake: EventIntake,
): Promise<APIGatewayProxyResult> {
  const outcomes = await createEvents(drafts, options, intake);
  const points = outcomes.flatMap((outcome) => ("point" in outcome ? [outcome.point] : []));
  let problemCharacters = 0;
  const items = outcomes.map((outcome) => {
    if ("event" in outcome) return `{"status":201,"id":"${outcome.event.id}"}`;
    if (problemCharacters > MAX_PROBLEM_CHARACTERS) return `{"status":${statusOf(outcome.refused)}}`;
    const item = JSON.stringify(toRefusedItem(outcome.refused));
    problemCharacters += item.length;
    return item;
  });
  const body = `{"accepted":${points.length},"rejected":${outcomes.length - points.length},"items":[${items.join(",")}]}`;
  return jsonAnswer(
    200,
    body,
    points.length === 0 ? {} : { "pulse-receipt": toReceiptText(points, options.namespace, intake.now()) },
  );
}

/**
 * With so much said, further bad items are told by their status alone: an answer that Lambda refuses, over 6 MB, would
 * cost the caller the ids of those that were accepted.
 */
const MAX_PROBLEM_CHARACTERS = 1_000_000;

/** An item that the journal did not take has nothing wrong with it: only its status says so. */
const toRefusedItem = (refused: PulseError) =>
  refused.kind === "unavailable" ? { status: 503 } : { status: statusOf(refused), problem: toProblem(refused) };

type Form = "event" | "array" | "ndjson" | "cloudevent" | "cloudevents" | "binary-cloudevent";

/** What the body holds, by its media type (RFC 9110, section 8.3); without one it is JSON. */
function formOf(request: ApiRequest): Form {
  const mediaType = mediaTypeOf(request);
  switch (mediaType) {
    case "application/cloudevents+json":
      return "cloudevent";
    case "application/cloudevents-batch+json":
      return "cloudevents";
  }
  if (request.header("ce-specversion") !== undefined) return "binary-cloudevent";
  switch (mediaType) {
    case "application/x-ndjson":
    case "application/ndjson":
    case "application/jsonl":
      return "ndjson";
    case "":
    case "application/json":
    case "text/json":
      return /^\s*\[/.test(request.text()) ? "array" : "event";
    default:
      throw new PulseError(
        "unsupported-media-type",
        `the body is ${mediaType}; events are taken as application/json, application/x-ndjson, application/cloudevents+json or application/cloudevents-batch+json (with curl: -H 'content-type: application/json')`,
      );
  }
}

/** CloudEvents 1.0, HTTP binding section 3.1: attributes are headers, the body is the data. */
function fromBinaryCloudEvent(request: ApiRequest): DraftEvent {
  const attributes: Record<string, string> = {};
  for (const name of ["specversion", "id", "source", "type", "subject", "time", "tags", "partitionkey"]) {
    const value = request.header(`ce-${name}`);
    if (value !== undefined) attributes[name] = percentDecoded(value);
  }
  return fromCloudEvent(attributes, dataOf(request));
}

/** JSON data stands as it is, text becomes a string, other bytes a string of base64. */
function dataOf(request: ApiRequest): string | undefined {
  const mediaType = mediaTypeOf(request);
  if (request.bytes().length === 0) return undefined;
  if (mediaType === "" || mediaType === "application/json" || mediaType.endsWith("+json")) {
    const data = request.text();
    return parseJson(data) === null ? undefined : compactJson(data);
  }
  if (mediaType.startsWith("text/")) return JSON.stringify(request.text());
  return JSON.stringify(Buffer.from(request.bytes()).toString("base64"));
}

const MAX_KEY_CHARACTERS = { "idempotency-key": 255, "pulse-key": 256 } as const;

function optionsOf(request: ApiRequest): CreateOptions {
  const header = (name: keyof typeof MAX_KEY_CHARACTERS): string | undefined => {
    const value = request.header(name);
    const most = MAX_KEY_CHARACTERS[name];
    if (value !== undefined && (value === "" || value.length > most))
      throw invalidInput([{ pointer: name, detail: `must have 1–${most} characters, not ${value.length}` }]);
    return value;
  };
  const key = header("pulse-key");
  const idempotencyKey = header("idempotency-key");
  const hops = hopsOf(request);
  return {
    namespace: request.namespace,
    ...(key === undefined ? {} : { key }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(hops === undefined ? {} : { hops: hops + 1 }),
  };
}

/** What a delivery of a trigger said of itself, and whoever it called sends back with what came of it. */
function hopsOf(request: ApiRequest): number | undefined {
  const value = request.header("pulse-hops");
  if (value === undefined) return undefined;
  if (/^\d{1,3}$/.test(value)) return Number(value);
  throw invalidInput([{ pointer: "pulse-hops", detail: "must be the number of a delivery's Pulse-Hops header" }]);
}
