import type { DynamoDBStreamEvent } from "aws-lambda";
import type { ArtifactItem } from "#stores/dynamodb/artifact-item.ts";
import { ARTIFACTS_TABLE, type TestDynamo } from "#test/support/aws/dynamodb.ts";

/** The items of artifacts that were put so far, those of one artifact in the order of their versions. */
export type ItemsPut = () => readonly ArtifactItem[];

/** Writes down what is put from now on, as the stream of a table would. */
export function recordItems(dynamo: TestDynamo): ItemsPut {
  const items: ArtifactItem[] = [];
  const real = dynamo.put;
  dynamo.put = async (call, forward) => {
    const reply = await real(call, forward);
    if (reply.status === 200 && call.body.TableName === ARTIFACTS_TABLE)
      items.push(call.body.Item ?? reply.body.Attributes);
    return reply;
  };
  dynamo.behave((call, forward) => dynamo.put(call, forward));
  return () => items.toSorted((one, other) => Number(one.version?.N) - Number(other.version?.N));
}

const STREAM_ARN = "arn:aws:dynamodb:eu-central-1:111122223333:table/artifacts/stream/2026-03-15T12:00:00.000";

/** A batch of the table's stream, as Lambda hands it over. */
export const toStreamBatch = (items: readonly ArtifactItem[]): DynamoDBStreamEvent => ({
  Records: items.map((item, index) => ({
    eventID: String(index),
    eventName: "MODIFY",
    eventSource: "aws:dynamodb",
    eventSourceARN: STREAM_ARN,
    awsRegion: "eu-central-1",
    dynamodb: {
      ApproximateCreationDateTime: 1_773_576_000,
      SequenceNumber: String(100_000_000_000_000_000_000n + BigInt(index)),
      StreamViewType: "NEW_IMAGE",
      Keys: { pk: item.pk as { S: string }, sk: item.sk as { S: string } },
      NewImage: item as Record<string, { S: string }>,
    },
  })),
});
