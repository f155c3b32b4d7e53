import { type AskedPage, parsePage } from "#core/events/query/asked-page.ts";
import { type AskedQuery, parseEventQuery } from "#core/events/query/event-query.ts";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { isRecord, parseJson } from "#core/json.ts";
import type { ApiRequest } from "#functions/shared/http/request.ts";

/**
 * The query of a request: its body, else the parameter `q` (the same JSON), else `tag`, `type`, `timestamp`, `gte gt
 * lte lt`. A body of spaces is no body.
 */
export function askedQuery(request: ApiRequest, nowMs: number, types?: readonly EventTypeDeclaration[]): AskedQuery {
  return parseEventQuery(queryJson(request), request.namespace, nowMs, types);
}

function queryJson(request: ApiRequest): unknown {
  const body = request.text();
  if (body.trim() !== "") return parseJson(body);
  const q = request.query.get("q");
  return q === null ? fromParameters(request.query) : parseJson(q, "q");
}

const AGGREGATION_PARAMETERS = ["groupBy", "interval"] as const;

/**
 * The same for `/events/aggregate`, which may also name its aggregator in the query string; `count` if none is named.
 */
export function askedAggregation(
  request: ApiRequest,
  nowMs: number,
  types?: readonly EventTypeDeclaration[],
): Required<AskedQuery> {
  let json = queryJson(request);
  if (isRecord(json) && !("aggregator" in json)) {
    const { query } = request;
    const aggregator: Record<string, unknown> = { type: query.get("aggregator") ?? "count" };
    if (query.has("field")) aggregator.field = query.get("field");
    if (query.has("size")) aggregator.size = numberOr(query.get("size") as string);
    if (query.has("percents")) aggregator.percents = query.get("percents")?.split(",").map(numberOr);
    for (const name of AGGREGATION_PARAMETERS) if (query.has(name)) aggregator[name] = query.get(name);
    json = { ...json, aggregator };
  }
  const { query, aggregation } = parseEventQuery(json, request.namespace, nowMs, types);
  if (aggregation === undefined) throw new Error("a query with an aggregator was read without it");
  return { query, aggregation };
}

/** What is no number stays the text it is, so that the refusal quotes it. */
const numberOr = (text: string): number | string =>
  text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);

const BOUNDS = ["gte", "gt", "lte", "lt"] as const;

function fromParameters(query: URLSearchParams): Record<string, unknown> {
  const asked: Record<string, unknown> = {};
  if (query.has("tag")) asked.tags = query.getAll("tag");
  if (query.has("type")) asked.type = query.getAll("type");
  const timestamp = query.get("timestamp");
  const bounds = Object.fromEntries(BOUNDS.flatMap((name) => (query.has(name) ? [[name, query.get(name)]] : [])));
  if (timestamp?.trimStart().startsWith("{"))
    asked.timestamp = { ...(parseJson(timestamp, "timestamp") as object), ...bounds };
  else if (timestamp !== null) asked.timestamp = timestamp;
  else if (Object.keys(bounds).length > 0) asked.timestamp = bounds;
  return asked;
}

/** The page that the query string asks for. */
export const askedPage = ({ query }: ApiRequest): AskedPage =>
  parsePage({
    page: query.get("page") ?? undefined,
    perPage: query.get("per_page") ?? undefined,
    cursor: query.get("cursor") ?? undefined,
  });
