import { describe, expect, test } from "@jest/globals";
import { Match } from "aws-cdk-lib/assertions";
import { TWO_A_MINUTE } from "#core/workflows/window.ts";
import { VIEW_WINDOW } from "#lib/workflows-stack.ts";
import { deployment, type Resource, resourcesOf, statementsOf } from "#test/lib/deployment.ts";

const NAMES = ["measure-health", "measure-metrics", "measure-allocation"] as const;
const { workflows, api, operations } = deployment({ namespaces: ["team-a"] });

const schedules = Object.values(resourcesOf(workflows, "AWS::Scheduler::Schedule"));

function functionNamed(name: string): [id: string, resource: Resource] {
  const all = Object.entries(resourcesOf(workflows, "AWS::Lambda::Function"));
  const found = all.find(([, { Properties }]) => Properties.Description === `Pulse: ${name}`);
  if (found === undefined) throw new Error(`no function ${name}`);
  return found;
}

describe.each(NAMES)("%s", (name) => {
  const [id, fn] = functionNamed(name);
  const schedule = schedules.find(({ Properties }) => JSON.stringify(Properties.Target).includes(`"${id}"`));

  test("is called each minute, a few times more where that fails, and then the call is put aside", () => {
    expect(schedule?.Properties).toMatchObject({
      ScheduleExpression: "rate(1 minute)",
      State: "ENABLED",
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: {
        RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 300 },
        DeadLetterConfig: { Arn: { "Fn::GetAtt": [expect.stringMatching(/^MissedCalls/), "Arn"] } },
      },
    });
  });

  test("is told of every namespace, the journal and the artifacts", () => {
    expect(fn.Properties.Environment).toMatchObject({
      Variables: {
        PULSE_NAMESPACES: "team-a",
        PULSE_EVENTS_STREAM: expect.anything(),
        PULSE_ARTIFACTS_TABLE: expect.anything(),
      },
    });
  });

  test("may put events into the journal, read artifacts and nothing else of theirs", () => {
    const actions = statementsOf(workflows, `${id.replace(/[0-9A-F]{8}$/, "")}Role`).flatMap(({ Action }) => Action);

    expect(actions).toEqual(expect.arrayContaining(["kinesis:PutRecords", "dynamodb:Query"]));
    expect(actions.filter((action) => /Delete|Update|dynamodb:Put|Scan|\*$/.test(action))).toEqual(
      actions.filter((action) => /^kms:/.test(action)),
    );
  });

  test("has alarms for failing and for not being called", () => {
    const alarms = Object.values(resourcesOf(operations, "AWS::CloudWatch::Alarm")).map(
      ({ Properties }) => Properties.AlarmName as string,
    );
    const construct = name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

    expect(alarms).toEqual(expect.arrayContaining([`Pulse-dev-${construct}Failing`, `Pulse-dev-${construct}Stopped`]));
  });
});

describe("the workflows", () => {
  test("read the index where they measure lines, and write nothing there", () => {
    const access = Object.values(resourcesOf(workflows, "Custom::PulseIndexAccess"));

    expect(access.map(({ Properties }) => Properties.role).sort()).toEqual([
      "pulse-measure-health",
      "pulse-measure-metrics",
    ]);
    for (const { Properties } of access)
      expect(JSON.stringify(Properties.permissions)).not.toMatch(/write|create|put|manage|delete/);
  });

  test("are called by roles that may call them, and put calls aside, alone", () => {
    const roles = Object.entries(resourcesOf(workflows, "AWS::IAM::Role")).filter(([, { Properties }]) =>
      JSON.stringify(Properties.AssumeRolePolicyDocument).includes("scheduler.amazonaws.com"),
    );

    expect(roles).toHaveLength(NAMES.length);
    for (const [id] of roles) {
      const role = id.slice(0, id.indexOf("CallerRole") + "CallerRole".length);
      const actions = new Set(statementsOf(workflows, role).flatMap(({ Action }) => Action));
      expect([...actions].sort()).toEqual(["lambda:InvokeFunction", "sqs:SendMessage"]);
    }
  });

  test("leave views no hole: they look back over two calls that lie as far apart as they may", () => {
    const { everyMs, graceMs } = TWO_A_MINUTE;
    const furthestCallsMs = 120_000;
    const runAndIndexMs = 10_000;

    expect(VIEW_WINDOW.toMilliseconds()).toBeGreaterThanOrEqual(everyMs + graceMs + furthestCallsMs + runAndIndexMs);
    api.hasResourceProperties("AWS::Lambda::Function", {
      Description: "Pulse: query-events",
      Environment: { Variables: Match.objectLike({ PULSE_VIEW_WINDOW_SECONDS: String(VIEW_WINDOW.toSeconds()) }) },
    });
  });

  test("tell when calls were put aside, in a queue that is encrypted and takes nothing in the clear", () => {
    operations.hasResourceProperties("AWS::CloudWatch::Alarm", { AlarmName: "Pulse-dev-WorkflowCallsMissed" });
    workflows.hasResourceProperties("AWS::SQS::Queue", { SqsManagedSseEnabled: true });
    workflows.hasResourceProperties("AWS::SQS::QueuePolicy", {
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
        ]),
      }),
    });
  });
});
