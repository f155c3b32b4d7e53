import { request } from "#stores/opensearch/client.ts";
import type { Isolated } from "#test/stores/opensearch/isolated-store.ts";

/** A document, with what tells whether it was written again. */
interface Hit {
  readonly _index: string;
  readonly _id: string;
  readonly _source: object;
}

/** Every document and registered type by index (without the store's prefix) and id. */
export async function documentsOf({ client, prefix }: Isolated): Promise<Record<string, Hit>> {
  await request(client, { method: "POST", path: `/${prefix}.*,${prefix}_types/_refresh` });
  const { body } = await request<{ hits: { hits: Hit[] } }>(client, {
    method: "POST",
    path: `/${prefix}.*,${prefix}_types/_search`,
    body: { size: 1000, version: true, seq_no_primary_term: true, query: { match_all: {} } },
  });
  return Object.fromEntries(body.hits.hits.map((hit) => [`${hit._index.slice(prefix.length)} ${hit._id}`, hit]));
}
