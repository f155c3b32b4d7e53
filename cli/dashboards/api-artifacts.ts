import type { ApiTarget } from "#cli/api-target.ts";
import { askApi } from "#cli/haproxy/api-events.ts";
import type { SourceFormat } from "#core/artifacts/artifact.ts";
import type { ArtifactStore } from "#core/artifacts/artifact-store.ts";

/** An artifact as `GET /artifacts/{kind}?source=true` lists it. */
interface ListedArtifact {
  readonly name: string;
  readonly version: number;
  readonly changedAt: string;
  readonly format: SourceFormat;
  readonly source: string;
}

/** Artifacts of a Pulse API, of the namespace that is in its address; a page of them goes by its number. */
export const openApiArtifacts = (target: ApiTarget): Pick<ArtifactStore, "list"> => ({
  async list(namespace, kind, { after: page = "1", limit }) {
    const listed = (await askApi(
      target,
      `/artifacts/${kind}?source=true&per_page=${limit}&page=${page}`,
    )) as ListedArtifact[];
    const artifacts = listed.map(({ changedAt, ...artifact }) => ({
      ...artifact,
      namespace,
      kind,
      changedAtMs: Date.parse(changedAt),
    }));
    return { artifacts, ...(listed.length === limit && { next: String(Number(page) + 1) }) };
  },
});
