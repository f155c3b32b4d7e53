import { CustomResource, Duration, Validations } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import { Construct } from "constructs";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { bundleHash } from "#lib/bundles.ts";
import type { ArtifactsTable } from "#lib/constructs/artifacts-table.ts";
import { CustomResourceProvider } from "#lib/constructs/custom-resource-provider.ts";
import type { EventIndex } from "#lib/constructs/event-index.ts";
import { PulseFunction } from "#lib/constructs/pulse-function.ts";
import { eventTypesVariable } from "#lib/event-types-variable.ts";
import type { StageSettings } from "#lib/stage.ts";

export interface UpdatedDashboardsProps {
  readonly stage: StageSettings;
  readonly index: EventIndex;
  /** Some of them declare gateways and deployments. */
  readonly artifacts: ArtifactsTable;
  /** Besides `default`. */
  readonly namespaces: readonly string[];
  readonly eventTypes: readonly EventTypeDeclaration[];
  /** OpenSearch Dashboards, with its base path. @default - the one of the index's domain */
  readonly dashboardsUrl?: string;
}

const NAME = "update-dashboards";
const EVERY = Duration.minutes(15);

/**
 * Dashboards that follow the gateways: made when they are deployed, brought up to date on a schedule, and taken away
 * when they are deployed no more.
 */
export class UpdatedDashboards extends Construct {
  readonly fn: PulseFunction;

  constructor(scope: Construct, id: string, props: UpdatedDashboardsProps) {
    super(scope, id);
    const { stage, index, artifacts, namespaces, eventTypes, dashboardsUrl = index.dashboardsUrl } = props;
    if (dashboardsUrl === undefined)
      throw new Error(
        "dashboards must be the address of an OpenSearch Dashboards where OpenSearch is no domain of ours",
      );
    const reason = "It is called again by its schedule, and does what an earlier call left undone.";
    const environment = {
      ...index.environment,
      ...eventTypesVariable(eventTypes),
      PULSE_NAMESPACES: namespaces.join(","),
      PULSE_ARTIFACTS_TABLE: artifacts.tableName,
      PULSE_DASHBOARDS_URL: dashboardsUrl,
    };
    const fn = new PulseFunction(this, "UpdateDashboards", {
      name: NAME,
      environment,
      stage,
      memoryMib: 256,
      timeout: Duration.minutes(4),
      withoutFailurePlace: reason,
    });
    artifacts.grantRead(fn);
    const access = index.grantUpdateDashboards(fn);
    const rule = new Rule(this, "Schedule", {
      description: "Pulse: dashboards follow the gateways",
      schedule: Schedule.rate(EVERY),
      targets: [new LambdaTarget(fn)],
    });
    Validations.of(rule).acknowledge({ id: "Serverless-EventBusDLQ", reason });
    const { serviceToken } = new CustomResourceProvider(this, "AtDeployment", { onEvent: fn, stage });
    const deployed = new CustomResource(this, "Deployed", {
      serviceToken,
      resourceType: "Custom::PulseDashboards",
      serviceTimeout: Duration.minutes(5),
      // Where one is other than before, they are drawn again at once.
      properties: { drawnBy: bundleHash(NAME), namespaces: environment.PULSE_NAMESPACES, dashboardsUrl },
    });
    deployed.node.addDependency(access);
    this.fn = fn;
  }
}
