import type { Artifact, ArtifactKind } from "#core/artifacts/artifact.ts";
import type { ArtifactStore } from "#core/artifacts/artifact-store.ts";

const ARTIFACTS_AT_ONCE = 100;

/**
 * What is made of the artifacts of a page, in the order of their names, and how many there are of the kind: all of them
 * are read, as many at a time as fit into memory.
 */
export async function artifactsOfPage<Item>(
  store: ArtifactStore,
  { namespace, kind }: { readonly namespace: string; readonly kind: ArtifactKind },
  { page, perPage }: { readonly page: number; readonly perPage: number },
  toItem: (artifact: Artifact) => Promise<Item>,
): Promise<{ readonly items: readonly Item[]; readonly total: number }> {
  const first = (page - 1) * perPage;
  const items: Item[] = [];
  let total = 0;
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const part = await store.list(namespace, kind, { limit: ARTIFACTS_AT_ONCE, ...(after !== undefined && { after }) });
    for (const artifact of part.artifacts) {
      if (total >= first && total < first + perPage) items.push(await toItem(artifact));
      total++;
    }
    after = part.next;
  }
  return { items, total };
}
