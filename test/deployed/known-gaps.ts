import assert from "node:assert/strict";
import { GetBucketLifecycleConfigurationCommand } from "@aws-sdk/client-s3";
import { BASE_PATH } from "#functions/routes.ts";
import { type EmulatedAccount, stackStatus } from "#test/support/emulator/emulator-account.ts";
import { isGzip, objectsOf } from "./check-events.ts";
import type { DeployedPulse } from "./deployed-pulse.ts";
import { eventually } from "./eventually.ts";
import type { KnownGap } from "./report.ts";

/** What the emulator does not do as AWS does, so that nothing of it could be told here. */
export const knownGaps = (pulse: DeployedPulse, plainAlarms: number): readonly KnownGap[] => [
  {
    what: "answers that stream, by API Gateway and by function URL",
    coveredBy: "test/runtime, test/functions/stream-events.test.ts",
    probe: async () => {
      const { status, body } = await pulse.api(`${BASE_PATH}/events/stream`);
      await body?.cancel();
      return status === 200 ? undefined : `the stream was answered ${status}`;
    },
  },
  {
    what: "what event source mappings of streams do with a batch that fails: retries, bisecting, on-failure place",
    coveredBy: "test/runtime, test/lib",
  },
  {
    what: "Firehose's buffering and GZIP",
    coveredBy: "test/lib/journal-stack.test.ts",
    probe: async () => {
      const objects = await objectsOf(pulse, pulse.output("Journal", "ArchiveBucket"), "events/");
      return objects.some(isGzip) ? undefined : `${objects.length} objects, none compressed`;
    },
  },
  {
    what: "that the archive's objects move to colder storage",
    coveredBy: "test/lib/journal-stack.test.ts",
    probe: async () => {
      const Bucket = pulse.output("Journal", "ArchiveBucket");
      return pulse.account.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })).then(
        () => undefined,
        (failure: Error) => failure.name,
      );
    },
  },
  {
    what: "that idempotency keys expire from their table",
    coveredBy: "test/lib/store-stack.test.ts, test/stores/idempotency-keys-contract.ts",
    probe: async () => {
      const TableName = pulse.output("Store", "KeysTable");
      const answer = await pulse.account.json<{ TimeToLiveDescription: { TimeToLiveStatus: string } }>(
        "dynamodb",
        "DynamoDB_20120810.DescribeTimeToLive",
        { TableName },
      );
      const status = answer.TimeToLiveDescription.TimeToLiveStatus;
      return status === "ENABLED" ? undefined : status;
    },
  },
  {
    what: "that OpenSearch deletes what is past its retention: this one has no Index State Management",
    coveredBy: "test/stores/opensearch",
    probe: async () => {
      const { error } = await pulse.inOpenSearch<{ readonly error?: unknown }>("/_plugins/_ism/policies");
      return error === undefined ? undefined : String(error);
    },
  },
  {
    what: "OpenSearch Dashboards, for which a server with its routes of saved objects stands",
    coveredBy: "test/stores/opensearch/dashboards",
  },
  {
    what: "that the right to send a message is the right to send a batch: here it is another, given beside it",
    coveredBy: "test/lib/triggers-stack.test.ts",
  },
  {
    what: "the OpenSearch domain and the roles inside it, which have no like here",
    coveredBy: "test/lib/store-stack.test.ts, test/functions/grant-index-access.test.ts",
  },
  {
    what: `${plainAlarms} alarms over several metrics, each deployed here with its first one alone`,
    coveredBy: "test/lib/operations-stack.test.ts",
    probe: () => provisionAlarmOfExpression(pulse.account),
  },
  {
    what: "alarms that go off, limits of memory and of answers, the arm64 processor, the SDK of Lambda's own runtime",
    coveredBy: "test/lib, test/runtime",
  },
];

/** In a stack of its own. */
async function provisionAlarmOfExpression(account: EmulatedAccount): Promise<string | undefined> {
  const properties = {
    ComparisonOperator: "GreaterThanThreshold",
    EvaluationPeriods: 1,
    Threshold: 1,
    Metrics: [{ Id: "always", Expression: "TIME_SERIES(1)", Period: 60 }],
  };
  const template = { Resources: { Alarm: { Type: "AWS::CloudWatch::Alarm", Properties: properties } } };
  const stack = { StackName: "probe", Version: "2010-05-15" };
  await account.query("cloudformation", { ...stack, Action: "CreateStack", TemplateBody: JSON.stringify(template) });
  const outcome = await eventually(async () => {
    const status = await stackStatus(account, stack.StackName);
    assert.doesNotMatch(status, /IN_PROGRESS/);
    return status;
  });
  await account.query("cloudformation", { ...stack, Action: "DeleteStack" });
  return outcome === "CREATE_COMPLETE" ? undefined : outcome;
}
