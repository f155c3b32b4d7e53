import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { ARTIFACT_KINDS, type ArtifactKey } from "#core/artifacts/artifact.ts";
import { type ArtifactState, CHANGES } from "#core/artifacts/artifact-state.ts";
import { isNamespace } from "#core/namespaces.ts";

/** An item as the table's client has it, or its stream: of each attribute its text or its number. */
export type ArtifactItem = Readonly<
  Record<string, { readonly S?: string | undefined; readonly N?: string | undefined }>
>;

/** The artifacts of a kind are one partition, so that they can be listed by their names. */
export const toPartition = ({ namespace, kind }: Omit<ArtifactKey, "name">): AttributeValue => ({
  S: `${namespace}/${kind}`,
});

export const toItemKey = (key: ArtifactKey): Record<"pk" | "sk", AttributeValue> => ({
  pk: toPartition(key),
  sk: { S: key.name },
});

/** `writer` names the try that wrote the item: who finds its own name was not refused, only its answer was lost. */
export const toItem = (state: ArtifactState, writer: string): Record<string, AttributeValue> => ({
  ...toItemKey(state),
  version: { N: String(state.version) },
  changedAtMs: { N: String(state.changedAtMs) },
  change: { S: state.change },
  writer: { S: writer },
  ...(state.content !== undefined && { source: { S: state.content.source }, format: { S: state.content.format } }),
});

/** Throws where the item is none of ours. */
export function fromItem(item: ArtifactItem): ArtifactState {
  const [namespace = "", kindName] = item.pk?.S?.split("/") ?? [];
  const kind = ARTIFACT_KINDS.find((one) => one === kindName);
  const name = item.sk?.S;
  const version = Number(item.version?.N);
  const changedAtMs = Number(item.changedAtMs?.N);
  const change = CHANGES.find((one) => one === item.change?.S);
  const source = item.source?.S;
  const format = item.format?.S;
  const isWhole = isNamespace(namespace) && Number.isSafeInteger(version) && Number.isSafeInteger(changedAtMs);
  if (!isWhole || kind === undefined || name === undefined || change === undefined)
    throw new Error(`an item of the artifacts' table is no artifact: ${JSON.stringify([item.pk?.S, name])}`); // never its source
  return {
    namespace,
    kind,
    name,
    version,
    changedAtMs,
    change,
    ...(source !== undefined && { content: { source, format: format === "json" ? "json" : "yaml" } }),
  };
}
