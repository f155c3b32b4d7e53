import { describe, expect, test } from "@jest/globals";
import { Match } from "aws-cdk-lib/assertions";
import { deployment, resourcesOf, statementsOf } from "#test/lib/deployment.ts";

const { triggers, api, operations } = deployment();
const targets = { networks: ["10.1.0.0/16"], buses: ["their-bus"], functions: ["act"] };
const open = deployment({ triggerTargets: targets });

const actionsOf = (role: string, template = triggers) =>
  statementsOf(template, role).flatMap(({ Action }) => Action as string | string[]);

describe("what events start", () => {
  test("follows the stream of events from its start, and gives nothing up before the stream does", () => {
    triggers.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      StartingPosition: "TRIM_HORIZON",
      ParallelizationFactor: 1,
      MaximumRetryAttempts: -1,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      DestinationConfig: { OnFailure: Match.anyValue() },
    });
  });

  test("waits in a queue that is encrypted, takes large events, and has a place for what is never finished", () => {
    triggers.hasResourceProperties("AWS::SQS::Queue", {
      SqsManagedSseEnabled: true,
      VisibilityTimeout: 360,
      MaximumMessageSize: 1024 * 1024,
      RedrivePolicy: { deadLetterTargetArn: Match.anyValue(), maxReceiveCount: 1000 },
    });
    triggers.hasResourceProperties("AWS::SQS::Queue", {
      MessageRetentionPeriod: 14 * 86_400,
      RedrivePolicy: Match.absent(),
    });
  });

  test("is delivered with the answer per message, by so many at once as the stage has", () => {
    triggers.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      BatchSize: 10,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: 5 },
    });
  });

  test("is ticked each minute", () => {
    triggers.hasResourceProperties("AWS::Events::Rule", { ScheduleExpression: "cron(* * * * ? *)" });
  });
});

describe("rights", () => {
  test("run-triggers may hand on, and deliver nothing", () => {
    const actions = actionsOf("RunTriggersRole");

    expect(actions).toContain("sqs:SendMessage");
    expect(actions).not.toContain("sqs:DeleteMessage");
    expect(actions.filter((action) => /^(events|lambda):|PutItem/.test(action))).toEqual([]);
  });

  test("deliver-webhooks may use the bus of the deployment, and no other and no function that is not named", () => {
    const actions = actionsOf("DeliverWebhooksRole");

    expect(actions).toContain("events:PutEvents");
    expect(actions).toContain("sqs:ChangeMessageVisibility");
    expect(actions.filter((action) => action.startsWith("lambda:"))).toEqual([]);
    expect(actions).not.toContain("dynamodb:DeleteItem");
    const onPaused = statementsOf(triggers, "DeliverWebhooksRole").filter((statement) =>
      JSON.stringify(statement).includes("PausedTriggers"),
    );
    expect(onPaused.map(({ Action }) => Action)).toEqual([["dynamodb:Scan", "dynamodb:GetItem", "dynamodb:PutItem"]]);
  });

  test("what is named may be used, and put-artifact is told of it too", () => {
    const statements = JSON.stringify(statementsOf(open.triggers, "DeliverWebhooksRole"));
    expect(statements).toContain(":function:act");
    expect(statements).toContain(":event-bus/their-bus");
    const variables = {
      PULSE_WEBHOOK_NETWORKS: "10.1.0.0/16",
      PULSE_TRIGGER_BUSES: "their-bus",
      PULSE_TRIGGER_FUNCTIONS: "act",
    };
    for (const [template, name] of [
      [open.triggers, "deliver-webhooks"],
      [open.api, "put-artifact"],
    ] as const)
      template.hasResourceProperties("AWS::Lambda::Function", {
        Description: `Pulse: ${name}`,
        Environment: { Variables: Match.objectLike(variables) },
      });
    api.hasResourceProperties("AWS::Lambda::Function", {
      Description: "Pulse: put-artifact",
      Environment: { Variables: { PULSE_WEBHOOK_NETWORKS: Match.absent() } },
    });
  });

  test.each([
    [{ networks: ["10.0.0.0"] }, "no network"],
    [{ networks: ["10.0.0.0/40"] }, "no network"],
    [{ buses: ["a b"] }, "no bus"],
    [{ functions: ["arn:aws:lambda:x"] }, "no function"],
  ])("%j is refused before anything is deployed", (triggerTargets, words) => {
    expect(() => deployment({ triggerTargets })).toThrow(words);
  });
});

test("somebody is told of what was given up, of failures, and of what is late", () => {
  const names = Object.values(resourcesOf(operations, "AWS::CloudWatch::Alarm")).map(
    ({ Properties }) => Properties.AlarmName,
  );

  for (const name of ["DeadDeliveries", "DeliveriesFailing", "TicksFailing", "RunTriggersBehind", "RunTriggersStopped"])
    expect(names).toContain(`Pulse-dev-${name}`);
});
