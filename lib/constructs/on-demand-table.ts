import { AttributeType, BillingMode, TableEncryption, type TableProps } from "aws-cdk-lib/aws-dynamodb";
import type { StageSettings } from "#lib/stage.ts";

/** What our tables have in common: items by `pk`, paid by the request, and restored to any second if need be. */
export const onDemandTable = ({ removalPolicy }: StageSettings): TableProps => ({
  partitionKey: { name: "pk", type: AttributeType.STRING },
  billingMode: BillingMode.PAY_PER_REQUEST,
  encryption: TableEncryption.DEFAULT,
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  removalPolicy,
});
