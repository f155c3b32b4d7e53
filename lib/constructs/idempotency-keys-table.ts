import { AttributeType, BillingMode, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { StageSettings } from "#lib/stage.ts";

/** What the first try of each idempotency key fixed, for 24 hours. */
export class IdempotencyKeysTable extends Table {
  constructor(scope: Construct, id: string, stage: StageSettings) {
    super(scope, id, {
      partitionKey: { name: "pk", type: AttributeType.STRING },
      timeToLiveAttribute: "expiresAt",
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.DEFAULT,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: stage.removalPolicy,
    });
  }

  /** A conditional put, whose refusal tells who was first. */
  grantClaim(grantee: IGrantable): Grant {
    return this.grant(grantee, "dynamodb:PutItem");
  }
}
