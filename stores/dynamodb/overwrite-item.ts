import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { ArtifactState } from "#core/artifacts/artifact-state.ts";
import type { ArtifactChange } from "#core/artifacts/artifact-store.ts";
import { toItem, toItemKey } from "#stores/dynamodb/artifact-item.ts";

/** Whether writers need not wait for each other: the artifact is there, and no version of it is asked for. */
export const isOverwrite = ({ when }: ArtifactChange, next: ArtifactState): boolean =>
  next.change === "update" && when.among === undefined && when.noneOf === undefined;

/**
 * The update that puts another content in place of whatever is there; the table counts the version, and the time, on.
 * It is refused where the artifact was deleted meanwhile, has that content already, or its time has passed the change's
 * since the decision. The last can happen only once, as time only grows.
 */
export function toOverwrite({ atMs }: ArtifactChange, next: ArtifactState, held: ArtifactState, writer: string) {
  const { change, source, format } = toItem(next, writer);
  const isLater = held.changedAtMs < atMs;
  const values: Record<string, AttributeValue> = {
    ":one": { N: "1" },
    ":at": { N: String(atMs) },
    ":change": change as AttributeValue,
    ":writer": { S: writer },
    ":source": source as AttributeValue,
    ":format": format as AttributeValue,
  };
  return {
    Key: toItemKey(next),
    UpdateExpression:
      `SET version = version + :one, changedAtMs = ${isLater ? ":at" : "changedAtMs + :one"}, ` +
      "#change = :change, #writer = :writer, #source = :source, #format = :format",
    ConditionExpression: `attribute_exists(#source) AND (#source <> :source OR #format <> :format) AND changedAtMs ${isLater ? "<" : ">="} :at`,
    ExpressionAttributeNames: {
      "#change": "change",
      "#writer": "writer",
      "#source": "source",
      "#format": "format",
    },
    ExpressionAttributeValues: values,
    ReturnValues: "ALL_NEW",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  } as const;
}
