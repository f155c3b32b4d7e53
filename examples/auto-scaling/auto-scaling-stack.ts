import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { PulseCaller } from "#examples/shared/pulse-caller.ts";
import type { PulseStacks } from "#lib/pulse-stacks.ts";
import type { Bounds } from "./decide-scale.ts";
import { responseTimeOf } from "./scaler.ts";

export interface AutoScalingStackProps extends StackProps {
  /** Deployed with `auth: { kind: "iam" }`. */
  readonly pulse: PulseStacks;
  /** Whose response time tells. */
  readonly gateway: string;
  /** The artifact of kind `scales` that is changed. */
  readonly scale: string;
  readonly bounds: Bounds;
}

/** The scaler as a function, and the trigger that calls it, as an output to be put into Pulse. */
export class AutoScalingStack extends Stack {
  constructor(scope: Construct, id: string, props: AutoScalingStackProps) {
    super(scope, id, { description: "Example: instances follow the response time of a gateway", ...props });
    const { pulse, gateway, scale, bounds } = props;
    const functionName = `${id}-scaler`;
    const artifact = `/artifacts/scales/${encodeURIComponent(scale)}`;
    new PulseCaller(this, "Scaler", {
      functionName,
      example: "auto-scaling",
      api: pulse.api.rest,
      may: [`GET ${artifact}`, `PUT ${artifact}`],
      environment: {
        SCALE: scale,
        ABOVE_MS: String(bounds.aboveMs),
        BELOW_MS: String(bounds.belowMs),
        LEAST: String(bounds.least),
        MOST: String(bounds.most),
        SETTLE_MS: String(bounds.settleMs),
      },
    });
    const trigger = { ...responseTimeOf(gateway), target: { lambda: { function: functionName } } };
    new CfnOutput(this, "Trigger", { value: JSON.stringify(trigger) });
  }
}
