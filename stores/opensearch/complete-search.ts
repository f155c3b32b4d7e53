import type { Client } from "@opensearch-project/opensearch";
import type { AnsweredBucket } from "./aggregation-body.ts";
import { type RetryPolicy, retrying } from "./backoff.ts";
import { request } from "./client.ts";
import type { EventDocument } from "./event-document.ts";
import { failure } from "./failure.ts";

export interface SearchAnswer {
  readonly timed_out: boolean;
  readonly _shards: { readonly failed: number };
  readonly hits: { readonly total: { readonly value: number }; readonly hits: readonly { _source: EventDocument }[] };
  readonly aggregations?: AnsweredBucket;
}

/** Searches the indices of a pattern. */
export type Search = (pattern: string, body: object, query?: Readonly<Record<string, string>>) => Promise<SearchAnswer>;

/** A search is complete or fails: an answer that misses shards comes with status 200. */
export const completeSearch =
  (client: Client, retry: RetryPolicy): Search =>
  (pattern, body, query = {}) =>
    retrying(retry, async () => {
      const { body: answer } = await request<SearchAnswer>(client, {
        method: "POST",
        path: `/${pattern}/_search`,
        query: { allow_partial_search_results: false, ignore_unavailable: true, ...query },
        body,
      });
      if (answer.timed_out || answer._shards.failed > 0)
        throw failure("unavailable", "answered a part of a search only");
      return answer;
    });
