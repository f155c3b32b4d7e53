import type { Artifact, ArtifactKey, ArtifactKind, SourceFormat } from "#core/artifacts/artifact.ts";

/** `"any"`: whichever there is. */
export type Versions = "any" | readonly number[];

/** What must be so for a change to be made: that the artifact's version is among these, that it is none of those. */
export interface Precondition {
  readonly among?: Versions;
  readonly noneOf?: Versions;
}

/** What an artifact is to become; without a content it is deleted. */
export interface ArtifactChange extends ArtifactKey {
  readonly content?: { readonly source: string; readonly format: SourceFormat };
  readonly when: Precondition;
  readonly atMs: number;
}

/**
 * What became of a change. `unchanged`: the artifact was like that already, and there is no event, so that a change
 * whose answer was lost can be made again. `conflict`: what must be so is not, and this is what there is.
 */
export type Changed =
  | { readonly outcome: "created" | "updated"; readonly artifact: Artifact }
  | { readonly outcome: "unchanged"; readonly artifact: Artifact | undefined }
  | { readonly outcome: "deleted"; readonly version: number }
  | { readonly outcome: "conflict"; readonly artifact: Artifact | undefined };

export interface ArtifactPage {
  readonly artifacts: readonly Artifact[];
  /** Names the last of the page, where others follow. */
  readonly next?: string;
}

/** Where artifacts are kept: their present state. What they were is told by their archive events. */
export interface ArtifactStore {
  find(key: ArtifactKey): Promise<Artifact | undefined>;
  /** By name in the order of their code points, those after `after`. */
  list(namespace: string, kind: ArtifactKind, page: { after?: string; limit: number }): Promise<ArtifactPage>;
  /**
   * Makes the change and exactly one archive event of it, or neither. Versions of a name only grow, by one, and with
   * them the time, whatever the clocks say. Throws `unavailable` where a retry may help.
   */
  change(change: ArtifactChange): Promise<Changed>;
}
