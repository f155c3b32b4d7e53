import type { Artifact, ArtifactKey, SourceFormat } from "#core/artifacts/artifact.ts";
import type { ArtifactChange, Changed, Precondition, Versions } from "#core/artifacts/artifact-store.ts";

export const CHANGES = ["create", "update", "delete"] as const;

/**
 * A version of an artifact as stores hold it; of a deleted one there is no content, and it stays so that versions grow.
 */
export interface ArtifactState extends ArtifactKey {
  readonly version: number;
  readonly changedAtMs: number;
  /** How this version came about. */
  readonly change: (typeof CHANGES)[number];
  readonly content?: { readonly source: string; readonly format: SourceFormat };
}

/**
 * What a store is to do: only answer, or also put the next state, with its event,
 * in place of the one that it asked about.
 */
export interface Decision {
  readonly answer: Changed;
  readonly next?: ArtifactState;
}

/** The artifact, unless it was deleted. */
export function toArtifact(state: ArtifactState | undefined): Artifact | undefined {
  if (state?.content === undefined) return undefined;
  const { namespace, kind, name, version, changedAtMs, content } = state;
  return { namespace, kind, name, version, changedAtMs, ...content };
}

/**
 * Decides a change, given what is held. An artifact that has the wanted content already is left alone even where
 * `among` (If-Match) does not hold: the change was made before, and its answer lost (RFC 9110, section 13.1.1).
 * `noneOf` (If-None-Match) has no such mercy: of two that create the same, one is told that it was not the first.
 */
export function decideChange(change: ArtifactChange, held: ArtifactState | undefined): Decision {
  const artifact = toArtifact(held);
  const { content } = change;
  // Deleting what is not there is answered as it is without a precondition: 404
  // comes before 412 (RFC 9110, section 13.2.1).
  if (content === undefined && artifact === undefined) return { answer: { outcome: "unchanged", artifact } };
  if (!isNoneOf(change.when, artifact)) return { answer: { outcome: "conflict", artifact } };
  if (content?.source === artifact?.source && content?.format === artifact?.format)
    return { answer: { outcome: "unchanged", artifact } };
  if (!isAmong(change.when, artifact)) return { answer: { outcome: "conflict", artifact } };
  const next = nextState(change, held);
  if (content === undefined) return { next, answer: { outcome: "deleted", version: next.version } };
  const made = toArtifact(next) as Artifact;
  return { next, answer: { outcome: artifact === undefined ? "created" : "updated", artifact: made } };
}

function nextState({ namespace, kind, name, content, atMs }: ArtifactChange, held?: ArtifactState): ArtifactState {
  const isThere = held?.content !== undefined;
  return {
    namespace,
    kind,
    name,
    version: (held?.version ?? 0) + 1,
    changedAtMs: Math.max(atMs, (held?.changedAtMs ?? 0) + 1),
    change: content === undefined ? "delete" : isThere ? "update" : "create",
    ...(content !== undefined && { content: { source: content.source, format: content.format } }),
  };
}

const isOneOf = (versions: Versions, artifact: Artifact | undefined): boolean =>
  artifact !== undefined && (versions === "any" || versions.includes(artifact.version));

/** Whether `If-Match` holds. */
export const isAmong = ({ among }: Precondition, artifact: Artifact | undefined): boolean =>
  among === undefined || isOneOf(among, artifact);

/** Whether `If-None-Match` holds. */
export const isNoneOf = ({ noneOf }: Precondition, artifact: Artifact | undefined): boolean =>
  noneOf === undefined || !isOneOf(noneOf, artifact);
