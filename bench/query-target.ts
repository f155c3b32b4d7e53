import type { EventQuery } from "#core/events/event-store.ts";
import type { Aggregator } from "#core/events/query/aggregation.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { toValueAggs } from "#stores/opensearch/aggregation-body.ts";
import { DEFAULT_PREFIX, searchPattern } from "#stores/opensearch/index-names.ts";
import { SORT_FIELD } from "#stores/opensearch/index-templates.ts";
import { queryBody } from "#stores/opensearch/query-body.ts";
import { type HttpAnswer, headerOf, requestBytes } from "./http-connection.ts";
import { pulsePath } from "./ingest-target.ts";

/** What is asked: the query, and an aggregator where a number is wanted instead of the newest 30. */
export interface Question {
  readonly query: Partial<EventQuery>;
  readonly aggregator?: Aggregator;
}

/** Something that answers questions. */
export interface QueryTarget {
  readonly name: string;
  readonly url: string;
  toRequest(question: Question): Buffer;
  /** How many events the question matches, or its number. */
  readAnswer(answer: HttpAnswer, question: Question): number;
}

const PAGE = 30;

/** Pulse, over its API. */
export function pulseQueries(name: string, url: string, namespace: string): QueryTarget {
  return {
    name,
    url,
    toRequest({ query: { types = [], tags = [], fromMs, toMs }, aggregator }) {
      const parameters = new URLSearchParams();
      for (const type of types) parameters.append("type", type);
      for (const tag of tags) parameters.append("tag", tag);
      if (fromMs !== undefined) parameters.set("gte", new Date(fromMs).toISOString());
      if (toMs !== undefined) parameters.set("lte", new Date(toMs).toISOString());
      if (aggregator !== undefined) parameters.set("aggregator", aggregator.type);
      const route = aggregator === undefined ? "/events" : "/events/aggregate";
      return requestBytes(url, "GET", `${pulsePath(namespace, route)}?${parameters}`);
    },
    readAnswer: ({ head, body }, { aggregator }) =>
      aggregator === undefined
        ? Number(headerOf(head, "x-total-count"))
        : (JSON.parse(body.toString()) as { value: number }).value,
  };
}

/** The very search that Pulse sends for the question, to the very indices. */
export function rawQueries(name: string, url: string, namespace: string): QueryTarget {
  return {
    name,
    url,
    toRequest({ query, aggregator }) {
      const whole: EventQuery = { ...everyEvent(namespace), ...query };
      const body = {
        track_total_hits: true,
        query: queryBody(whole, []),
        ...(aggregator === undefined
          ? { size: PAGE, sort: [{ [SORT_FIELD]: "desc" }, { id: "desc" }] }
          : { size: 0, aggs: toValueAggs(aggregator) }),
      };
      const path = `/${searchPattern(DEFAULT_PREFIX, namespace, whole.types)}/_search`;
      const complete = "?allow_partial_search_results=false&ignore_unavailable=true";
      return requestBytes(url, "POST", `${path}${complete}`, JSON.stringify(body));
    },
    readAnswer: ({ body }, { aggregator }) => {
      const { hits, aggregations } = JSON.parse(body.toString());
      return aggregator === undefined ? hits.total.value : aggregations.value.value;
    },
  };
}
