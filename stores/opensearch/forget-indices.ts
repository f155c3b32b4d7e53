import type { Client } from "@opensearch-project/opensearch";
import { declarationOf, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { forgottenBefore } from "#core/events/types/retention.ts";
import { request } from "./client.ts";
import { INDICES_PER_REQUEST, placeOfIndex } from "./index-names.ts";

/**
 * Deletes the indices whose whole period is past the retention of their type, for clusters that do not do so themselves
 * (see `installRetention`); answers their names. Of an index that types share, it is that of a type nobody declared.
 */
export async function forgetIndices(
  client: Client,
  prefix: string,
  types: readonly EventTypeDeclaration[],
  nowMs: number,
): Promise<readonly string[]> {
  const { body } = await request<Readonly<Record<string, unknown>>>(client, {
    method: "GET",
    path: `/${prefix}.*`,
    query: { filter_path: "*.settings.index.uuid" },
  });
  const past = Object.keys(body).filter((index) => isPast(index, types, nowMs));
  for (let from = 0; from < past.length; from += INDICES_PER_REQUEST) {
    const path = `/${past.slice(from, from + INDICES_PER_REQUEST).join(",")}`;
    await request(client, { method: "DELETE", path, query: { ignore_unavailable: true } });
  }
  return past;
}

/** What is not named as an index of events is none of ours to delete. */
function isPast(index: string, types: readonly EventTypeDeclaration[], nowMs: number): boolean {
  const place = placeOfIndex(index);
  if (place === undefined) return false;
  const { retentionDays } = declarationOf(place.type, types);
  return place.startMs < forgottenBefore({ period: place.period, retentionDays }, nowMs);
}
