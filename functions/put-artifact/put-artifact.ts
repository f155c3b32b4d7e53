import type { APIGatewayProxyResult } from "aws-lambda";
import { requireArchivable } from "#core/artifacts/archive-event.ts";
import type { Artifact, ArtifactKey, ArtifactKind, SourceFormat } from "#core/artifacts/artifact.ts";
import type { ArtifactStore, Changed } from "#core/artifacts/artifact-store.ts";
import { decodeSource, formatOf, readSource, type SourceValue } from "#core/artifacts/read-source.ts";
import { PulseError } from "#core/errors.ts";
import { notAllowed } from "#functions/shared/auth/challenge.ts";
import { COMMON_HEADERS, jsonAnswer } from "#functions/shared/http/answer.ts";
import { type Answer, type ApiHandler, api } from "#functions/shared/http/api.ts";
import {
  describeArtifact,
  described,
  preconditionFailed,
  sourceAsJson,
  versionHeaders,
} from "#functions/shared/http/artifact-answer.ts";
import { artifactKeyOf, isVampPath, preconditionOf } from "#functions/shared/http/asked-artifact.ts";
import { type ApiRequest, mediaTypeOf } from "#functions/shared/http/request.ts";

/** Refuses what an artifact of its kind cannot say, as `invalid-input` with every fault. */
export type ArtifactCheck = (
  value: SourceValue,
  key: ArtifactKey,
  sent: { readonly source: string; readonly format: SourceFormat },
) => Promise<void>;

export interface PutArtifactOptions {
  readonly namespaces: readonly string[];
  readonly artifacts: ArtifactStore;
  readonly now: () => number;
  /** What more is asked of some kinds than to be an object or a list. @default - nothing */
  readonly checks?: Partial<Readonly<Record<ArtifactKind, ArtifactCheck>>>;
}

/** `PUT` and `DELETE` of an artifact. */
export const putArtifactHandler = (options: PutArtifactOptions): ApiHandler => {
  const put = putArtifact(options);
  const remove = deleteArtifact(options);
  return api(options.namespaces, (request) => (request.method === "DELETE" ? remove(request) : put(request)));
};

/** The artifact in the path. Throws `forbidden` where it declares a type, and the caller has no right to. */
function changedKeyOf(request: ApiRequest): ArtifactKey {
  const key = artifactKeyOf(request);
  if (key.kind === "event-types" && !request.rights.includes("declare"))
    throw notAllowed("this caller does not have the right to declare types, which holds in all namespaces");
  return key;
}

/** 201 for one that was not there, 200 for one that was. */
const putArtifact =
  ({ artifacts, now, checks = {} }: PutArtifactOptions): Answer =>
  async (request) => {
    const key = changedKeyOf(request);
    const when = preconditionOf(request);
    const format = formatOf(mediaTypeOf(request));
    const source = decodeSource(request.bytes());
    requireArchivable(key, source);
    const value = await readSource(source, format, key.name);
    await checks[key.kind]?.(value, key, { source, format });
    const changed = await artifacts.change({ ...key, content: { source, format }, when, atMs: now() });
    const artifact = keptArtifact(changed, key);
    const body = isVampPath(request) ? await sourceAsJson(artifact) : JSON.stringify(describeArtifact(artifact));
    const created = changed.outcome === "created";
    return jsonAnswer(created ? 201 : 200, body, {
      ...versionHeaders(artifact),
      ...(created && { location: locationOf(request, key) }),
    });
  };

const deleteArtifact =
  ({ artifacts, now }: PutArtifactOptions): Answer =>
  async (request): Promise<APIGatewayProxyResult> => {
    const key = changedKeyOf(request);
    const changed = await artifacts.change({ ...key, when: preconditionOf(request), atMs: now() });
    if (changed.outcome === "conflict") throw preconditionFailed(changed.artifact, key);
    if (changed.outcome !== "deleted") throw new PulseError("not-found", `there is no ${described(key)}`);
    return { statusCode: 204, headers: { ...COMMON_HEADERS }, body: "" };
  };

function keptArtifact(changed: Changed, key: ArtifactKey): Artifact {
  if (changed.outcome === "conflict") throw preconditionFailed(changed.artifact, key);
  if (changed.outcome === "deleted" || changed.artifact === undefined)
    throw new Error(`a put of ${described(key)} was answered as ${changed.outcome}`);
  return changed.artifact;
}

const locationOf = ({ base }: ApiRequest, { kind, name }: ArtifactKey): string =>
  `${base}/artifacts/${kind}/${encodeURIComponent(name)}`;
