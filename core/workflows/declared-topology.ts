import type { Artifact, ArtifactKind } from "#core/artifacts/artifact.ts";
import type { ArtifactStore } from "#core/artifacts/artifact-store.ts";
import { PulseError } from "#core/errors.ts";
import { type DeclaredSource, type Topology, toTopology } from "#core/workflows/topology.ts";

/** What artifacts declare, as it was at an instant as far as their present state tells. */
export type TopologyAt = (ms: number) => Topology;

/** What is read of an artifact: its source, as the format says. Throws `invalid-input` where it cannot be. */
export type ReadSource = (artifact: Artifact) => Promise<unknown>;

export interface Declarations {
  readonly artifacts: Pick<ArtifactStore, "list">;
  readonly readSource: ReadSource;
}

/**
 * Reads the gateways and deployments of a namespace. An artifact that was changed later declares nothing before that.
 */
export async function declaredTopology(namespace: string, declarations: Declarations): Promise<TopologyAt> {
  const [gateways, deployments] = await Promise.all([
    readAll(namespace, "gateways", declarations),
    readAll(namespace, "deployments", declarations),
  ]);
  return (ms) => toTopology(until(ms, gateways), until(ms, deployments));
}

interface ReadArtifact extends DeclaredSource {
  readonly changedAtMs: number;
}

const until = (ms: number, artifacts: readonly ReadArtifact[]): readonly ReadArtifact[] =>
  artifacts.filter(({ changedAtMs }) => changedAtMs <= ms);

const PER_PAGE = 100;

async function readAll(
  namespace: string,
  kind: ArtifactKind,
  { artifacts, readSource }: Declarations,
): Promise<readonly ReadArtifact[]> {
  const read: ReadArtifact[] = [];
  let after: string | undefined;
  do {
    const page = await artifacts.list(namespace, kind, { limit: PER_PAGE, ...(after !== undefined && { after }) });
    for (const artifact of page.artifacts) {
      const { name, changedAtMs } = artifact;
      read.push({ name, changedAtMs, value: await declaredBy(artifact, readSource) });
    }
    after = page.next;
  } while (after !== undefined);
  return read;
}

/** One that cannot be read is still there by its name. */
async function declaredBy(artifact: Artifact, readSource: ReadSource): Promise<unknown> {
  try {
    return await readSource(artifact);
  } catch (error) {
    if (error instanceof PulseError) return undefined;
    throw error;
  }
}
