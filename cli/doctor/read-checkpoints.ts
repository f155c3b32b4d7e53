import type { Client } from "@opensearch-project/opensearch";
import type { JournalPoint } from "#core/events/event-journal.ts";
import { request } from "#stores/opensearch/client.ts";
import { checkpointIndex } from "#stores/opensearch/index-names.ts";

/** How far a shard of the journal has been indexed, and when the last of that arrived there. */
export interface HeldCheckpoint extends JournalPoint {
  readonly arrivedAtMs?: number;
}

const MAX_SHARDS = 10_000;

/** Every checkpoint there is; none where the index of them is missing, which the templates tell. */
export async function readCheckpoints(client: Client, prefix: string): Promise<readonly HeldCheckpoint[]> {
  type Hits = { readonly hits: { readonly hits: readonly { readonly _source: HeldCheckpoint }[] } };
  const { body } = await request<Hits>(client, {
    method: "POST",
    path: `/${checkpointIndex(prefix)}/_search`,
    query: { allow_partial_search_results: false, ignore_unavailable: true },
    body: { size: MAX_SHARDS, track_total_hits: false, sort: [{ shard: "asc" }] },
  });
  return body.hits.hits.map(({ _source }) => _source);
}
