import { Duration, Stack, type StackProps, Validations } from "aws-cdk-lib";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import type { ArtifactsTable } from "#lib/constructs/artifacts-table.ts";
import { callEachMinute } from "#lib/constructs/call-each-minute.ts";
import type { EventIndex } from "#lib/constructs/event-index.ts";
import { PulseFunction, type Variables } from "#lib/constructs/pulse-function.ts";
import { eventTypesVariable } from "#lib/event-types-variable.ts";
import type { JournalStack } from "#lib/journal-stack.ts";
import type { StageSettings } from "#lib/stage.ts";

export interface WorkflowsStackProps extends StackProps {
  readonly stage: StageSettings;
  /** Namespaces besides `default`. @default - none */
  readonly namespaces?: readonly string[];
  readonly index: EventIndex;
  readonly artifacts: ArtifactsTable;
  readonly journal: JournalStack;
  /** What readers know of types. @default - the default types */
  readonly eventTypes?: readonly EventTypeDeclaration[];
}

/**
 * A call comes at any second of its minute, so two may be 120 s apart; the newest window that it measures has ended up
 * to 45 s before, and what it publishes is readable some seconds later. Views that look back this far always find one.
 */
export const VIEW_WINDOW = Duration.minutes(3);

type Workflow = "measure-health" | "measure-metrics" | "measure-allocation";

/** What Pulse does by itself: each minute it measures gateways by their lines, and deployments by their artifacts. */
export class WorkflowsStack extends Stack {
  readonly workflows: readonly PulseFunction<Workflow>[];
  readonly measureMetrics: PulseFunction<"measure-metrics">;
  /** Calls that could not be made. */
  readonly missedCalls: Queue;

  constructor(scope: Construct, id: string, props: WorkflowsStackProps) {
    super(scope, id, { description: "Pulse: the workflows that measure gateways and deployments", ...props });
    this.missedCalls = new Queue(this, "MissedCalls", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Long enough to be noticed; the calls themselves are of no use by then.
      retentionPeriod: Duration.days(4),
    });
    const reason = "It is the dead-letter place itself, of schedules.";
    Validations.of(this.missedCalls).acknowledge(
      { id: "AwsSolutions-SQS3", reason },
      { id: "Serverless-SQSRedrivePolicy", reason },
    );
    const { index, eventTypes } = props;
    const reading = { ...index.environment, ...eventTypesVariable(eventTypes) };
    const health = this.workflow("MeasureHealth", "measure-health", reading, props);
    const metrics = this.workflow("MeasureMetrics", "measure-metrics", reading, props);
    for (const fn of [health, metrics]) index.grantIndexRead(fn);
    this.measureMetrics = metrics;
    this.workflows = [health, metrics, this.workflow("MeasureAllocation", "measure-allocation", {}, props)];
  }

  private workflow<Name extends Workflow>(
    id: string,
    name: Name,
    reading: Partial<Variables<Name>>,
    { stage, namespaces = [], artifacts, journal }: WorkflowsStackProps,
  ): PulseFunction<Name> {
    const fn = new PulseFunction(this, id, {
      name,
      environment: {
        ...reading,
        PULSE_NAMESPACES: namespaces.join(","),
        PULSE_EVENTS_STREAM: journal.events.streamName,
        PULSE_ARTIFACTS_TABLE: artifacts.tableName,
      } as Variables<Name>,
      stage,
      memoryMib: 512,
      timeout: Duration.minutes(2),
      withoutFailurePlace: "It is called each minute, and measures what an earlier call left undone.",
    });
    journal.events.grantWrite(fn);
    artifacts.grantRead(fn);
    callEachMinute(fn, this.missedCalls);
    return fn;
  }
}
