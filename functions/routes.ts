import type { Right } from "#core/access/principal.ts";
import { VAMP_KINDS } from "#core/artifacts/artifact.ts";
import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";

/** The functions that answer HTTP, by folder. */
export type HttpFunction =
  | "create-events"
  | "receive-haproxy-logs"
  | "query-events"
  | "aggregate-events"
  | "stream-events"
  | "put-artifact"
  | "read-artifacts"
  | "describe-api";

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Under the base path `/api/v1`, and under `/{namespace}/api/v1`; `{name}` stands for one segment. */
  readonly path: string;
  readonly fn: HttpFunction;
  /** One line for the API description. */
  readonly summary: string;
  /** The parameters of its query string. What is near one of them is refused, what is far from all is ignored. */
  readonly query?: readonly string[];
  /** What its `{kind}` can be, where another is no path of the API. */
  readonly kinds?: readonly string[];
  /** Answered as it is made, not when it is complete. */
  readonly streams?: true;
  /** A POST that changes nothing: its body is a question. */
  readonly asks?: true;
  /**
   * API Gateway hands everything below this path to the function, which finds the route itself: each path of the API by
   * itself is up to three of the 500 resources of a stack, twice, and so is each path on the way to it.
   */
  readonly under?: string;
}

export const BASE_PATH = "/api/v1";

/** The base path of a namespace. */
export const basePathOf = (namespace: string): string =>
  namespace === DEFAULT_NAMESPACE ? BASE_PATH : `/${namespace}${BASE_PATH}`;

/** What a caller needs for a route. */
export const rightFor = ({ method, asks }: Route): Right => (method === "GET" || asks ? "read" : "write");

const FILTER = ["tag", "type", "q"];
const TIME = ["timestamp", "gte", "gt", "lte", "lt"];
const PAGE = ["page", "per_page"];
const EVENTS = [...FILTER, ...TIME, ...PAGE, "cursor", "after"];
const AGGREGATION = ["aggregator", "field", "groupBy", "interval", "size", "percents"];
const AGGREGATE = [...FILTER, ...TIME, ...AGGREGATION, "after"];

/** Stands for everything below a path. */
export const EVERYTHING_BELOW = "/{proxy+}";

/** Where API Gateway takes a route. */
export const resourcePathOf = ({ path, under }: Pick<Route, "path" | "under">): string =>
  under === undefined ? path : under + EVERYTHING_BELOW;

/** All of `/health` and `/metrics` are views. */
const view = (path: string, summary: string): Route => ({
  method: "GET",
  path,
  fn: "query-events",
  summary,
  under: path.slice(0, path.indexOf("/", 1)),
});

/**
 * An artifact's path under `/artifacts`, which has parameters `besides`, and the
 * one that Vamp gave those of its own kinds.
 */
const ofArtifacts = (
  method: Route["method"],
  path: string,
  summary: string,
  query: readonly string[] = [],
  besides: readonly string[] = [],
): readonly Route[] => {
  const fn = method === "GET" ? "read-artifacts" : "put-artifact";
  return [
    { method, path: `/artifacts${path}`, fn, summary, query: [...query, ...besides] },
    { method, path, fn, summary: `${summary}, by the path that Vamp had for it`, query, kinds: VAMP_KINDS },
  ];
};

/** Every route of the API: `lib/` deploys this table, `dev/` serves it, the API description is made from it. */
export const routes: readonly Route[] = [
  { method: "POST", path: "/events", fn: "create-events", summary: "Create one event, or many" },
  { method: "GET", path: "/events", fn: "query-events", summary: "Events that match, newest first", query: EVENTS },
  {
    method: "POST",
    path: "/events/search",
    fn: "query-events",
    asks: true,
    query: EVENTS,
    summary: "The same, the query in the body",
  },
  {
    method: "GET",
    path: "/events/aggregate",
    fn: "aggregate-events",
    summary: "A number, groups or a series of them",
    query: AGGREGATE,
  },
  {
    method: "POST",
    path: "/events/aggregate",
    fn: "aggregate-events",
    asks: true,
    query: AGGREGATE,
    summary: "The same, the query in the body",
  },
  {
    method: "GET",
    path: "/events/stream",
    fn: "stream-events",
    summary: "Events as they are accepted, as server-sent events",
    query: [...FILTER, "named", "last-event-id"],
    streams: true,
  },
  { method: "GET", path: "/events/{id}", fn: "query-events", summary: "One event" },
  { method: "GET", path: "/event-types", fn: "query-events", summary: "The types that have events" },
  view("/health/gateways/{gateway}", "Health of a gateway"),
  view("/health/gateways/{gateway}/routes/{route}", "Health of a route"),
  view("/health/deployments/{deployment}", "Health of a deployment"),
  view("/health/deployments/{deployment}/clusters/{cluster}", "Health of a cluster"),
  view("/health/deployments/{deployment}/clusters/{cluster}/services/{service}", "Health of a service"),
  view("/metrics/gateways/{gateway}/{metric}", "A metric of a gateway"),
  view("/metrics/gateways/{gateway}/routes/{route}/{metric}", "A metric of a route"),
  view("/metrics/deployments/{deployment}/clusters/{cluster}/ports/{port}/{metric}", "A metric of a cluster's port"),
  view(
    "/metrics/deployments/{deployment}/clusters/{cluster}/services/{service}/ports/{port}/{metric}",
    "A metric of a service's port",
  ),
  ...ofArtifacts("GET", "/{kind}", "The artifacts of a kind", PAGE, ["source"]),
  ...ofArtifacts("GET", "/{kind}/{name}", "An artifact, as it is or as it was", ["at", "after"]),
  ...ofArtifacts("PUT", "/{kind}/{name}", "Create an artifact, or replace it"),
  ...ofArtifacts("DELETE", "/{kind}/{name}", "Delete an artifact"),
  {
    method: "GET",
    path: "/artifacts/{kind}/{name}/history",
    fn: "read-artifacts",
    summary: "The versions of an artifact, newest first",
    query: [...PAGE, "cursor", "after"],
  },
  {
    method: "POST",
    path: "/haproxy/logs",
    fn: "receive-haproxy-logs",
    summary: "Log lines of HAProxy, each an event",
    query: ["source", "zone"],
  },
  { method: "GET", path: "/openapi.json", fn: "describe-api", summary: "This description" },
  { method: "GET", path: "/info", fn: "describe-api", summary: "Version, engines and positions" },
];
