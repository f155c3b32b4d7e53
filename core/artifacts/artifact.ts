/** What Vamp kept as artifacts. */
export const VAMP_KINDS = [
  "deployments",
  "gateways",
  "breeds",
  "blueprints",
  "slas",
  "scales",
  "escalations",
  "routes",
  "conditions",
  "workflows",
] as const;

/** Ours besides. */
const PULSE_KINDS = ["event-types", "triggers"] as const;

export const ARTIFACT_KINDS = [...VAMP_KINDS, ...PULSE_KINDS] as const;
export type ArtifactKind = (typeof ARTIFACT_KINDS)[number];

export interface ArtifactKey {
  readonly namespace: string;
  readonly kind: ArtifactKind;
  readonly name: string;
}

/** How the source is written. */
export type SourceFormat = "json" | "yaml";

/** What somebody declares, as text that is kept byte for byte. */
export interface Artifact extends ArtifactKey {
  readonly source: string;
  readonly format: SourceFormat;
  /** 1 for the first there ever was under this name; each change adds one, a deletion too. */
  readonly version: number;
  /** When this version was made, in milliseconds since 1970. */
  readonly changedAtMs: number;
}
