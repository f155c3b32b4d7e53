import { ManagedPolicy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IStream } from "aws-cdk-lib/aws-kinesis";
import type { Construct } from "constructs";

export interface GatewayHostPolicyProps {
  /** Where the log lines go. Encrypted with the service's own key, which its writers need no right to. */
  readonly stream: IStream;
}

/**
 * What the host of a gateway may do: write log lines to one stream. It can neither read them nor learn what else there
 * is. Attach it to the role that the host has: `role.addManagedPolicy(journal.gatewayHosts)`.
 */
export class GatewayHostPolicy extends ManagedPolicy {
  constructor(scope: Construct, id: string, { stream }: GatewayHostPolicyProps) {
    super(scope, id, {
      description: "Pulse: a gateway's host may write its log lines",
      statements: [new PolicyStatement({ actions: ["kinesis:PutRecords"], resources: [stream.streamArn] })],
    });
  }
}
