import { describe, expect, test } from "@jest/globals";
import { App } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { readTrigger } from "#core/triggers/read-trigger.ts";
import { CanaryStack } from "#examples/canary/canary-stack.ts";
import { decideCanary } from "#examples/canary/decide-weights.ts";
import { pulseStacks } from "#lib/pulse-stacks.ts";
import { runExample } from "#test/examples/run-example.ts";
import { WITHOUT_TRACES } from "#test/lib/deployment.ts";
import "#test/support/aws/built-functions.ts";

const PACE = { stepPercent: 20, settleMs: 10_000 };
const rollout = { canaryPercent: 50, changedAtMs: 50_000 };

describe("a canary", () => {
  test.each([
    ["that is well gets a step more", {}, { value: 1, measuredAtMs: 60_001 }, 70],
    ["gets all at most", { canaryPercent: 90 }, { value: 1, measuredAtMs: 60_001 }, 100],
    ["waits until a step has been watched", {}, { value: 1, measuredAtMs: 60_000 }, 50],
    ["that is not well gets nothing, at once", {}, { value: 0, measuredAtMs: 50_001 }, 0],
    ["is not judged by what was measured before the last step", {}, { value: 0, measuredAtMs: 50_000 }, 50],
    ["is not judged without any health", {}, undefined, 50],
    [
      "that was taken back stays so, though it is well again",
      { canaryPercent: 0 },
      { value: 1, measuredAtMs: 99_999 },
      0,
    ],
    ["that has all keeps it", { canaryPercent: 100 }, { value: 0, measuredAtMs: 99_999 }, 100],
  ])("%s", (_, given, health, percent) => {
    expect(decideCanary({ ...rollout, ...given }, health, PACE)).toBe(percent);
  });
});

describe("the example of a canary", () => {
  test("gives a route that is well all requests, on this machine with one command", async () => {
    const { code, lines, stderr } = await runExample("canary/run-locally.ts");

    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(lines).toEqual(["green gets 55 % instead of 10 %", "green gets 100 % instead of 55 %"]);
  }, 120_000);

  test("takes requests back from a route that fails", async () => {
    const { code, lines, stderr } = await runExample("canary/run-locally.ts", "--failing");

    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(lines).toEqual(["green gets 0 % instead of 10 %"]);
  }, 120_000);

  test("is a stack whose function may read events and put one gateway, and a workflow that Pulse takes", () => {
    const app = new App({
      context: { ...WITHOUT_TRACES, "aws:cdk:bundling-stacks": [] },
      builtinCloudFormationValidation: false,
    });
    const pulse = pulseStacks(app, {
      stageName: "dev",
      auth: { kind: "iam" },
      triggerTargets: { functions: ["Canary-mover"] },
    });
    const canary = { gateway: "shop", stable: "blue", canary: "green" };
    const template = Template.fromStack(new CanaryStack(app, "Canary", { pulse, ...canary, pace: PACE }));

    template.hasResourceProperties("AWS::Lambda::Function", {
      FunctionName: "Canary-mover",
      Environment: { Variables: Match.objectLike({ GATEWAY: "shop", CANARY: "green", STEP_PERCENT: "20" }) },
    });
    expect(JSON.stringify(Template.fromStack(pulse.triggers).findResources("AWS::IAM::Policy"))).toContain(
      ":function:Canary-mover",
    );
    template.hasResourceProperties("AWS::IAM::Policy", {
      PolicyDocument: Match.objectLike({
        Statement: [
          {
            Action: "execute-api:Invoke",
            Effect: "Allow",
            Resource: [
              "GET/api/v1/events",
              "GET/api/v1/artifacts/gateways/shop",
              "PUT/api/v1/artifacts/gateways/shop",
            ].map((path) => ({ "Fn::Join": ["", Match.arrayWith([Match.stringLikeRegexp(`/${path}$`)])] })),
          },
        ],
      }),
    });
    const [{ Value = "" } = {}] = Object.values(template.findOutputs("Workflow"));
    const key = { namespace: "default", kind: "workflows", name: "canary", version: 1 } as const;
    expect(readTrigger({ ...key, declared: JSON.parse(Value) })).toMatchObject({
      periodMs: 60_000,
      target: { lambda: { function: "Canary-mover" } },
    });
  });
});
