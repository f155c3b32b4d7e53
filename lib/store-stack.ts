import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { ApiKeysTable } from "#lib/constructs/api-keys-table.ts";
import { ArtifactsTable } from "#lib/constructs/artifacts-table.ts";
import type { EventIndex } from "#lib/constructs/event-index.ts";
import { EventsDomain } from "#lib/constructs/events-domain.ts";
import { IdempotencyKeysTable } from "#lib/constructs/idempotency-keys-table.ts";
import { openCluster } from "#lib/constructs/open-cluster.ts";
import type { StageSettings } from "#lib/stage.ts";

export interface StoreStackProps extends StackProps {
  readonly stage: StageSettings;
  /** Names the domain: one per account and region. */
  readonly domainName: string;
  /** An OpenSearch that needs no credentials, used as it is. @default - a domain is made */
  readonly openClusterUrl?: string;
  /**
   * The IAM role that operators take on, to look into OpenSearch and to replay. @default - nobody but functions gets in
   */
  readonly operatorRoleArn?: string;
}

/**
 * What must outlive every deployment of code: the artifacts, the index of
 * events, the idempotency keys, and the API keys.
 */
export class StoreStack extends Stack {
  readonly index: EventIndex;
  readonly artifacts: ArtifactsTable;
  readonly keys: IdempotencyKeysTable;
  readonly apiKeys: ApiKeysTable;

  constructor(scope: Construct, id: string, props: StoreStackProps) {
    super(scope, id, {
      description: "Pulse: artifacts, the index of events, the idempotency keys and the API keys",
      ...props,
    });
    this.index =
      props.openClusterUrl === undefined
        ? new EventsDomain(this, "Events", {
            domainName: props.domainName,
            stage: props.stage,
            ...(props.operatorRoleArn !== undefined && { operatorRoleArn: props.operatorRoleArn }),
          })
        : openCluster(props.openClusterUrl);
    this.artifacts = new ArtifactsTable(this, "Artifacts", props.stage);
    this.keys = new IdempotencyKeysTable(this, "IdempotencyKeys", props.stage);
    this.apiKeys = new ApiKeysTable(this, "ApiKeys", props.stage);
    new CfnOutput(this, "OpenSearchUrl", { value: this.index.environment.PULSE_OPENSEARCH_URL });
    if (this.index.domain !== undefined) new CfnOutput(this, "DomainName", { value: this.index.domain.domainName });
    new CfnOutput(this, "ArtifactsTable", { value: this.artifacts.tableName });
    new CfnOutput(this, "KeysTable", { value: this.keys.tableName });
    new CfnOutput(this, "ApiKeysTable", { value: this.apiKeys.tableName });
  }
}
