import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { ArtifactState } from "#core/artifacts/artifact-state.ts";
import type { ArtifactChange } from "#core/artifacts/artifact-store.ts";
import { toItem, toItemKey } from "#stores/dynamodb/artifact-item.ts";

/**
 * Whether the change is one in which writers are not in each other's way: of an
 * artifact that is there, whatever its version.
 */
export const isOverwrite = ({ when }: ArtifactChange, next: ArtifactState): boolean =>
  next.change === "update" && when.among === undefined && when.noneOf === undefined;

/**
 * The update that puts a content in place of whatever other one there is: the table counts the version on, and the
 * time. It is refused where the artifact is not there any more, has that content already, or its time has passed the
 * change's, which was not so of the state it was decided with. The last can happen once: time only grows.
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
