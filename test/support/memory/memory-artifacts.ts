import type { Artifact, ArtifactKey } from "#core/artifacts/artifact.ts";
import type { ArtifactStore } from "#core/artifacts/artifact-store.ts";

/** Artifacts that a test puts there, to be read only; each put is a version more. */
export interface MemoryArtifacts extends Pick<ArtifactStore, "find" | "list"> {
  put(key: ArtifactKey, declared: unknown): void;
  remove(key: ArtifactKey): void;
}

export function openMemoryArtifacts(): MemoryArtifacts {
  const held = new Map<string, Artifact>();
  const versions = new Map<string, number>();
  const idOf = ({ namespace, kind, name }: ArtifactKey): string => JSON.stringify([namespace, kind, name]);
  return {
    put({ namespace, kind, name }, declared) {
      const id = idOf({ namespace, kind, name });
      const version = (versions.get(id) ?? 0) + 1;
      versions.set(id, version);
      held.set(id, {
        namespace,
        kind,
        name,
        source: JSON.stringify(declared),
        format: "json",
        version,
        changedAtMs: 0,
      });
    },
    remove: (key) => void held.delete(idOf(key)),
    find: async (key) => held.get(idOf(key)),
    async list(namespace, kind, { after = "", limit }) {
      const all = [...held.values()]
        .filter((one) => one.namespace === namespace && one.kind === kind && one.name > after)
        .sort((one, other) => (one.name < other.name ? -1 : 1));
      const artifacts = all.slice(0, limit);
      const last = artifacts.at(-1);
      return { artifacts, ...(all.length > limit && last !== undefined && { next: last.name }) };
    },
  };
}
