import type { APIGatewayProxyResult } from "aws-lambda";
import type { Artifact, ArtifactKey, SourceFormat } from "#core/artifacts/artifact.ts";
import { MEDIA_TYPE, parseSource, YAML_TYPES } from "#core/artifacts/read-source.ts";
import { PulseError } from "#core/errors.ts";
import { compactJson } from "#core/events/values/json-text.ts";
import { quote } from "#core/faults.ts";
import { parseJson } from "#core/json.ts";
import { COMMON_HEADERS, type Headers, isAcceptable } from "#functions/shared/http/answer.ts";

const entityTag = (version: number): string => `"${version}"`;

/** Which version it is, and since when. */
export const versionHeaders = ({ version, changedAtMs }: Pick<Artifact, "version" | "changedAtMs">): Headers => ({
  etag: entityTag(version),
  "last-modified": new Date(changedAtMs).toUTCString(),
});

/** An artifact as lists have it. */
export const describeArtifact = ({ kind, name, version, changedAtMs, format }: Artifact) => ({
  kind,
  name,
  version,
  changedAt: new Date(changedAtMs).toISOString(),
  format,
});

/** As sentences name it. */
export const described = ({ kind, name }: ArtifactKey): string => `artifact ${quote(name)} among ${kind}`;

/** Tells what there is instead. */
export const preconditionFailed = (artifact: Artifact | undefined, key: ArtifactKey): PulseError =>
  new PulseError(
    "precondition-failed",
    artifact === undefined
      ? `there is no ${described(key)}`
      : `the ${described(key)} has version ${artifact.version} now, made at ${new Date(artifact.changedAtMs).toISOString()}`,
  );

type Sourced = Pick<Artifact, "source" | "format" | "version" | "changedAtMs">;

/**
 * The source byte for byte. Who reads YAML only is sent JSON, too, as it is both; who reads JSON only is told what YAML
 * says, without a tag: those bytes are nobody's version. Throws `not-acceptable`.
 */
export async function sourceAnswer(
  artifact: Sourced,
  accept: string | undefined,
  more: Headers = {},
): Promise<APIGatewayProxyResult> {
  const { source, format } = artifact;
  const headers: Headers = { ...COMMON_HEADERS, ...more, ...versionHeaders(artifact), vary: "Accept" };
  const readsYaml = YAML_TYPES.some((type) => isAcceptable(accept, type));
  const readsJson = isAcceptable(accept, MEDIA_TYPE.json);
  if (format === "json" ? readsJson : readsYaml)
    return { statusCode: 200, headers: { ...headers, "content-type": MEDIA_TYPE[format] }, body: source };
  if (format === "json" && readsYaml)
    return { statusCode: 200, headers: { ...headers, "content-type": MEDIA_TYPE.yaml }, body: source };
  const { etag: _, ...untagged } = headers;
  if (readsJson)
    return {
      statusCode: 200,
      headers: { ...untagged, "content-type": MEDIA_TYPE.json },
      body: await sourceAsJson(artifact),
    };
  throw new PulseError(
    "not-acceptable",
    `the artifact is ${MEDIA_TYPE[format]}, which is not among ${accept?.slice(0, 200)}`,
  );
}

/** What the source says, as JSON text: that of JSON is its own, without the whitespace between tokens. */
export const sourceAsJson = async ({ source, format }: Pick<Artifact, "source" | "format">): Promise<string> =>
  format === "json" ? compactJson(source) : JSON.stringify(await parseSource(source, format));

/** How a source is written of which nothing else is known; what is both counts as JSON. */
export function formatOfSource(source: string): SourceFormat {
  try {
    parseJson(source);
    return "json";
  } catch {
    return "yaml";
  }
}
