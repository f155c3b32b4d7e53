import { Table } from "aws-cdk-lib/aws-dynamodb";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { onDemandTable } from "#lib/constructs/on-demand-table.ts";
import type { StageSettings } from "#lib/stage.ts";

/** The digests and rights of API keys: made, listed and revoked with `pulse keys`, without a deployment. */
export class ApiKeysTable extends Table {
  constructor(scope: Construct, id: string, stage: StageSettings) {
    super(scope, id, onDemandTable(stage));
  }

  /** One key by its id: neither the others, nor any change. */
  grantFind(grantee: IGrantable): Grant {
    return this.grant(grantee, "dynamodb:GetItem");
  }
}
