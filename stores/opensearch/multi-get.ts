import type { Client } from "@opensearch-project/opensearch";
import { request } from "./client.ts";
import { describeFault, failure, type OpenSearchFault } from "./failure.ts";

/**
 * The documents with these ids as they are at this moment, each in its place, found or not. Throws when one cannot be
 * read now, because its shard starts or its node is busy: that comes with status 200, and is not the same as not found.
 */
export async function multiGet<Document>(
  client: Client,
  index: string,
  ids: readonly string[],
): Promise<readonly Document[]> {
  const { body } = await request<{ docs: readonly (Document & { readonly error?: OpenSearchFault })[] }>(client, {
    method: "POST",
    path: `/${index}/_mget`,
    body: { ids },
  });
  const unread = body.docs.find(({ error }) => error !== undefined);
  if (unread !== undefined) throw failure("unavailable", `could not read ${index}: ${describeFault(unread.error)}`);
  return body.docs;
}
