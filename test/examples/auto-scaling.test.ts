import { describe, expect, test } from "@jest/globals";
import { App } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { readTrigger } from "#core/triggers/read-trigger.ts";
import { AutoScalingStack } from "#examples/auto-scaling/auto-scaling-stack.ts";
import { decideScale } from "#examples/auto-scaling/decide-scale.ts";
import { pulseStacks } from "#lib/pulse-stacks.ts";
import { runExample } from "#test/examples/run-example.ts";
import { WITHOUT_TRACES } from "#test/lib/deployment.ts";
import "#test/support/aws/built-functions.ts";

const BOUNDS = { aboveMs: 1000, belowMs: 100, least: 1, most: 3, settleMs: 10_000 };
const situation = { responseTimeMs: 2000, measuredAtMs: 100_000, instances: 2, changedAtMs: 50_000 };

describe("the scaler", () => {
  test.each([
    ["one more where it is too slow", {}, 3],
    ["one less where it is fast", { responseTimeMs: 99 }, 1],
    ["as many as before in between", { responseTimeMs: 500 }, 2],
    ["no more than the most", { instances: 3 }, 3],
    ["no less than the least", { responseTimeMs: 0, instances: 1 }, 1],
    ["as many as before while the last change cannot show yet", { changedAtMs: 95_000 }, 2],
    ["as many as before for what was measured before the last change", { changedAtMs: 100_001 }, 2],
  ])("wants %s", (_, given, instances) => {
    expect(decideScale({ ...situation, ...given }, BOUNDS)).toBe(instances);
  });
});

describe("the example of auto-scaling", () => {
  test("adds instances for as long as a gateway is slow, on this machine with one command", async () => {
    const { code, lines, stderr } = await runExample("auto-scaling/run-locally.ts");

    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(lines).toEqual([
      "response time 1500 ms: from 1 to 2 instances",
      "response time 1500 ms: from 2 to 3 instances",
    ]);
  }, 120_000);

  test("is a stack whose function may read and put one scale, and a trigger that Pulse takes", () => {
    const app = new App({
      context: { ...WITHOUT_TRACES, "aws:cdk:bundling-stacks": [] },
      builtinCloudFormationValidation: false,
    });
    const pulse = pulseStacks(app, {
      stageName: "dev",
      auth: { kind: "iam" },
      triggerTargets: { functions: ["AutoScaling-scaler"] },
    });
    const template = Template.fromStack(
      new AutoScalingStack(app, "AutoScaling", { pulse, gateway: "shop", scale: "shop", bounds: BOUNDS }),
    );

    template.hasResourceProperties("AWS::Lambda::Function", {
      FunctionName: "AutoScaling-scaler",
      Runtime: "nodejs24.x",
      Environment: { Variables: Match.objectLike({ SCALE: "shop", ABOVE_MS: "1000", PULSE_URL: Match.anyValue() }) },
    });
    expect(JSON.stringify(Template.fromStack(pulse.triggers).findResources("AWS::IAM::Policy"))).toContain(
      ":function:AutoScaling-scaler",
    );
    template.hasResourceProperties("AWS::IAM::Policy", {
      PolicyDocument: Match.objectLike({
        Statement: [
          {
            Action: "execute-api:Invoke",
            Effect: "Allow",
            Resource: ["GET", "PUT"].map((method) => ({
              "Fn::Join": ["", Match.arrayWith([Match.stringLikeRegexp(`/${method}/api/v1/artifacts/scales/shop$`)])],
            })),
          },
        ],
      }),
    });
    const [{ Value = "" } = {}] = Object.values(template.findOutputs("Trigger"));
    const declared = JSON.parse(Value) as object;
    const key = { namespace: "default", kind: "triggers", name: "scaler", version: 1 } as const;
    expect(readTrigger({ ...key, declared })).toMatchObject({
      tags: ["gateways:shop", "gateway", "metrics:responseTime"],
      target: { lambda: { function: "AutoScaling-scaler" } },
    });
  });
});
