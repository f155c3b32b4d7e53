import { AttributeType, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { onDemandTable } from "#lib/constructs/on-demand-table.ts";
import type { StageSettings } from "#lib/stage.ts";

/** The present state of every artifact, deleted ones too; its stream tells each change. */
export class ArtifactsTable extends Table {
  constructor(scope: Construct, id: string, stage: StageSettings) {
    super(scope, id, {
      ...onDemandTable(stage),
      sortKey: { name: "sk", type: AttributeType.STRING },
      stream: StreamViewType.NEW_IMAGE,
    });
  }

  /** One artifact by its name, or those of a kind. */
  grantRead(grantee: IGrantable): Grant {
    return this.grant(grantee, "dynamodb:GetItem", "dynamodb:Query");
  }

  /** A conditional put in place of what was read, which a deletion is, too, or an update of whatever there is. */
  grantChange(grantee: IGrantable): Grant {
    return this.grant(grantee, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem");
  }
}
