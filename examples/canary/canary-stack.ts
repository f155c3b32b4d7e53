import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { PulseCaller } from "#examples/shared/pulse-caller.ts";
import type { PulseStacks } from "#lib/pulse-stacks.ts";
import type { Pace } from "./decide-weights.ts";
import type { Canary } from "./mover.ts";

export interface CanaryStackProps extends StackProps, Canary {
  /** Deployed with `auth: { kind: "iam" }`. */
  readonly pulse: PulseStacks;
  readonly pace: Pace;
}

/**
 * What moves the weights as a function, and the workflow that calls it each minute, as an output to be put into Pulse.
 */
export class CanaryStack extends Stack {
  constructor(scope: Construct, id: string, props: CanaryStackProps) {
    super(scope, id, { description: "Example: a canary gets more requests for as long as it is well", ...props });
    const { pulse, gateway, stable, canary, pace } = props;
    const functionName = `${id}-mover`;
    const artifact = `/artifacts/gateways/${encodeURIComponent(gateway)}`;
    new PulseCaller(this, "Mover", {
      functionName,
      example: "canary",
      api: pulse.api.rest,
      may: ["GET /events", `GET ${artifact}`, `PUT ${artifact}`],
      environment: {
        GATEWAY: gateway,
        STABLE: stable,
        CANARY: canary,
        STEP_PERCENT: String(pace.stepPercent),
        SETTLE_MS: String(pace.settleMs),
      },
    });
    const workflow = { schedule: { period: "1m" }, target: { lambda: { function: functionName } } };
    new CfnOutput(this, "Workflow", { value: JSON.stringify(workflow) });
  }
}
