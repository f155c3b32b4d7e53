import { describe, expect, test } from "@jest/globals";
import { Match } from "aws-cdk-lib/assertions";
import { deployment, resourcesOf, statementsOf } from "#test/lib/deployment.ts";

const { store, artifacts } = deployment();
const { store: prod } = deployment({ stageName: "prod" });
const KEYS = [
  { AttributeName: "pk", KeyType: "HASH" },
  { AttributeName: "sk", KeyType: "RANGE" },
];

describe("the table of artifacts", () => {
  test("is paid by the request, can be restored to any second, and tells each change as it became", () => {
    store.hasResourceProperties("AWS::DynamoDB::Table", {
      KeySchema: KEYS,
      BillingMode: "PAY_PER_REQUEST",
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      StreamSpecification: { StreamViewType: "NEW_IMAGE" },
      TimeToLiveSpecification: Match.absent(),
    });
  });

  test("is kept in prod when its stack goes", () => {
    prod.hasResource("AWS::DynamoDB::Table", {
      Properties: { KeySchema: KEYS },
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
    });
  });
});

describe("publish-archive", () => {
  test("is given each change in order, until it has taken it or the table's stream is about to forget it", () => {
    const [mapping] = Object.values(resourcesOf(artifacts, "AWS::Lambda::EventSourceMapping"));

    expect(JSON.stringify(mapping?.Properties.EventSourceArn)).toMatch(/Artifacts.*StreamArn/);
    expect(mapping?.Properties).toMatchObject({
      StartingPosition: "TRIM_HORIZON",
      ParallelizationFactor: 1,
      MaximumRetryAttempts: -1,
      MaximumRecordAgeInSeconds: 23 * 3600,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      DestinationConfig: { OnFailure: { Destination: expect.anything() } },
    });
  });

  test("may read the table's stream, write to the journal's events and put letters aside, and nothing else", () => {
    const granted = statementsOf(artifacts, "PublishArchiveRole");
    const actions = granted.flatMap(({ Action }) => Action).filter((action) => !/^(logs|xray):/.test(action));

    expect(actions.sort()).toEqual([
      "dynamodb:DescribeStream",
      "dynamodb:GetRecords",
      "dynamodb:GetShardIterator",
      "dynamodb:ListStreams",
      "kinesis:ListShards",
      "kinesis:PutRecord",
      "kinesis:PutRecords",
      "s3:ListBucket",
      "s3:PutObject",
    ]);
    const onStar = granted.filter(({ Resource }) => Resource === "*").flatMap(({ Action }) => Action);
    expect(onStar.filter((action) => !action.startsWith("xray:"))).toEqual(["dynamodb:ListStreams"]);
  });

  test("is told its stream and the place of dead letters", () => {
    artifacts.hasResourceProperties("AWS::Lambda::Function", {
      Description: "Pulse: publish-archive",
      Environment: {
        Variables: { PULSE_EVENTS_STREAM: Match.anyValue(), PULSE_DEAD_LETTERS_BUCKET: Match.anyValue() },
      },
    });
  });
});
