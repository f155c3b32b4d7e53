import { ArnFormat, CfnOutput, Duration, Stack, type StackProps, Validations } from "aws-cdk-lib";
import { Table } from "aws-cdk-lib/aws-dynamodb";
import { EventBus, Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import { Grant } from "aws-cdk-lib/aws-iam";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { ArtifactsTable } from "#lib/constructs/artifacts-table.ts";
import { followStream, type JournalConsumer } from "#lib/constructs/journal-consumer.ts";
import { onDemandTable } from "#lib/constructs/on-demand-table.ts";
import { PulseFunction } from "#lib/constructs/pulse-function.ts";
import type { JournalStack } from "#lib/journal-stack.ts";
import type { StageSettings } from "#lib/stage.ts";
import { type TriggerTargets, triggerTargetVariables } from "#lib/trigger-targets.ts";

export interface TriggersStackProps extends StackProps {
  readonly stage: StageSettings;
  readonly namespaces: readonly string[];
  readonly artifacts: ArtifactsTable;
  readonly journal: JournalStack;
  /** Where triggers may deliver to besides. @default - receivers in the internet, and the bus of this stack */
  readonly targets?: TriggerTargets;
}

const DAY = Duration.days(1);
/** An attempt ends after 15 s by itself. */
const DELIVERY_TIMEOUT = Duration.minutes(1);
/** No attempt is lost to a function that died: then the queue gives the message again. AWS asks for six timeouts. */
const HIDDEN = Duration.minutes(6);
/**
 * The most that SQS takes. A delivery is attempted a dozen times in its day; only what
 * cannot even be read comes a thousand times.
 */
const MAX_RECEIVES = 1000;
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** What events start: from the journal through a queue to webhooks, buses and functions; and the ticks of time. */
export class TriggersStack extends Stack {
  /** Where triggers deliver whose `eventBus` has no name. */
  readonly bus: EventBus;
  readonly deliveries: Queue;
  /** Deliveries that were given up. */
  readonly deadDeliveries: Queue;
  readonly consumer: JournalConsumer;
  readonly deliverWebhooks: PulseFunction;
  readonly publishTicks: PulseFunction;
  private readonly paused: Table;

  constructor(scope: Construct, id: string, props: TriggersStackProps) {
    super(scope, id, { description: "Pulse: what events start, and their deliveries", ...props });
    this.bus = new EventBus(this, "Bus", { description: "Pulse: events of triggers whose target is the bus" });
    this.paused = new Table(this, "PausedTriggers", onDemandTable(props.stage));
    this.deadDeliveries = this.queueOfTheDead();
    this.deliveries = new Queue(this, "Deliveries", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: HIDDEN,
      maxMessageSizeBytes: MAX_MESSAGE_BYTES,
      // Beyond the day for attempts: what waits is never forgotten by the queue.
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.deadDeliveries, maxReceiveCount: MAX_RECEIVES },
    });
    this.consumer = this.runTriggers(props);
    this.deliverWebhooks = this.deliverer(props);
    this.publishTicks = this.ticker(props);
    new CfnOutput(this, "TriggerBus", { value: this.bus.eventBusName });
    new CfnOutput(this, "DeliveriesUrl", { value: this.deliveries.queueUrl });
    new CfnOutput(this, "DeadDeliveriesUrl", { value: this.deadDeliveries.queueUrl });
  }

  private queueOfTheDead(): Queue {
    const queue = new Queue(this, "DeadDeliveries", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      maxMessageSizeBytes: MAX_MESSAGE_BYTES,
      retentionPeriod: DAY.plus(Duration.days(13)),
    });
    const reason = "It is the dead-letter place itself, of deliveries.";
    Validations.of(queue).acknowledge(
      { id: "AwsSolutions-SQS3", reason },
      { id: "Serverless-SQSRedrivePolicy", reason },
    );
    return queue;
  }

  private runTriggers(props: TriggersStackProps): JournalConsumer {
    const { stage, journal } = props;
    const fn = new PulseFunction(this, "RunTriggers", {
      name: "run-triggers",
      environment: { ...this.variables(props), PULSE_DELIVERIES_URL: this.deliveries.queueUrl },
      stage,
      memoryMib: 1024,
      timeout: Duration.minutes(2),
    });
    this.grantTriggers(fn, props);
    this.deliveries.grantSendMessages(fn);
    return followStream(fn, { stream: journal.events, retention: journal.retention, deadLetters: journal.deadLetters });
  }

  private deliverer(props: TriggersStackProps): PulseFunction {
    const { stage, targets = {} } = props;
    const fn = new PulseFunction(this, "DeliverWebhooks", {
      name: "deliver-webhooks",
      environment: {
        ...this.variables(props),
        PULSE_DELIVERIES_URL: this.deliveries.queueUrl,
        PULSE_DEAD_DELIVERIES_URL: this.deadDeliveries.queueUrl,
        PULSE_TRIGGER_BUS: this.bus.eventBusName,
      },
      stage,
      memoryMib: 512,
      timeout: DELIVERY_TIMEOUT,
    });
    this.grantTriggers(fn, props);
    Validations.of(fn).acknowledge({
      id: "Serverless-LambdaEventSourceMappingDestination",
      reason: "What it does not finish stays in the queue, which has its own place for what is never finished.",
    });
    fn.addEventSource(
      new SqsEventSource(this.deliveries, {
        batchSize: 10,
        reportBatchItemFailures: true,
        maxConcurrency: stage.deliveriesAtOnce,
      }),
    );
    this.deadDeliveries.grantSendMessages(fn);
    this.bus.grantPutEventsTo(fn);
    for (const name of targets.buses ?? []) EventBus.fromEventBusName(this, `Bus-${name}`, name).grantPutEventsTo(fn);
    for (const name of targets.functions ?? [])
      Grant.addToPrincipal({
        grantee: fn,
        actions: ["lambda:InvokeFunction"],
        resourceArns: [
          this.formatArn({
            service: "lambda",
            resource: "function",
            resourceName: name,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        ],
      });
    return fn;
  }

  private ticker(props: TriggersStackProps): PulseFunction {
    const reason = "It is called each minute; ticks that were missed are not made up for.";
    const fn = new PulseFunction(this, "PublishTicks", {
      name: "publish-ticks",
      environment: this.variables(props),
      stage: props.stage,
      memoryMib: 256,
      // It waits for the ticks of its minute.
      timeout: Duration.minutes(2),
      withoutFailurePlace: reason,
    });
    this.grantTriggers(fn, props);
    const rule = new Rule(this, "EachMinute", {
      description: "Pulse: the ticks of workflows with a period",
      // At the minute's begin: a rate would begin at whatever second it was
      // deployed, and ticks before that would be late.
      schedule: Schedule.cron({ minute: "*" }),
      targets: [new LambdaTarget(fn, { maxEventAge: Duration.minutes(1) })],
    });
    Validations.of(rule).acknowledge({ id: "Serverless-EventBusDLQ", reason });
    return fn;
  }

  private variables({ namespaces, artifacts, journal, targets }: TriggersStackProps) {
    return {
      PULSE_NAMESPACES: namespaces.join(","),
      PULSE_ARTIFACTS_TABLE: artifacts.tableName,
      PULSE_PAUSED_TRIGGERS_TABLE: this.paused.tableName,
      PULSE_EVENTS_STREAM: journal.events.streamName,
      ...triggerTargetVariables(targets),
    };
  }

  /** To read what triggers there are, to pause one, and to tell of it. */
  private grantTriggers(fn: PulseFunction, { artifacts, journal }: TriggersStackProps): void {
    artifacts.grantRead(fn);
    journal.events.grantWrite(fn);
    const pausing = ["dynamodb:GetItem", "dynamodb:PutItem"];
    this.paused.grant(fn, "dynamodb:Scan", ...(fn.folder === "deliver-webhooks" ? pausing : []));
  }
}
