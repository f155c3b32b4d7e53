import { Table } from "aws-cdk-lib/aws-dynamodb";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { onDemandTable } from "#lib/constructs/on-demand-table.ts";
import type { StageSettings } from "#lib/stage.ts";

/** What the first try of each idempotency key fixed, for 24 hours. */
export class IdempotencyKeysTable extends Table {
  constructor(scope: Construct, id: string, stage: StageSettings) {
    super(scope, id, { ...onDemandTable(stage), timeToLiveAttribute: "expiresAt" });
  }

  /** A conditional put, whose refusal tells who was first. */
  grantClaim(grantee: IGrantable): Grant {
    return this.grant(grantee, "dynamodb:PutItem");
  }
}
