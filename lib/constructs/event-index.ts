import type { IDomain } from "aws-cdk-lib/aws-opensearchservice";
import type { IDependable } from "constructs";
import type { PulseFunction } from "#lib/constructs/pulse-function.ts";

/** The OpenSearch that events are indexed in: what its functions are told, and what they are granted. */
export interface EventIndex {
  readonly environment: {
    readonly PULSE_OPENSEARCH_URL: string;
    readonly PULSE_OPENSEARCH_AUTH: "sigv4" | "none";
  };
  /** What CloudWatch tells of. @default - a cluster that is not ours to watch */
  readonly domain?: IDomain;
  /** OpenSearch Dashboards, with its base path. @default - none that is known of */
  readonly dashboardsUrl?: string;
  /** Searches. What is granted is there once the answer is deployed. */
  grantIndexRead(fn: PulseFunction): IDependable;
  /** Keeps events, makes them visible and advances checkpoints; deletes nothing. */
  grantIndexWrite(fn: PulseFunction): IDependable;
  /** Removes the checkpoints of shards that are gone. */
  grantForgetShards(fn: PulseFunction): IDependable;
  /** Searches, and keeps saved objects in OpenSearch Dashboards. */
  grantUpdateDashboards(fn: PulseFunction): IDependable;
  /** Installs index templates and retention policies. */
  grantManageTemplates(fn: PulseFunction): IDependable;
  /** Declares event types: installs what they need, and writes down what is in force. */
  grantDeclareTypes(fn: PulseFunction): IDependable;
}
