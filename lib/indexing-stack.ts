import { Duration, Stack, type StackProps, Validations } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import { Grant } from "aws-cdk-lib/aws-iam";
import type { IStream } from "aws-cdk-lib/aws-kinesis";
import { Construct } from "constructs";
import { DEFAULT_EVENT_TYPES, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import type { KnownFormat } from "#core/haproxy/parser/haproxy-parser.ts";
import { CustomResourceProvider } from "#lib/constructs/custom-resource-provider.ts";
import type { EventIndex } from "#lib/constructs/event-index.ts";
import { InstalledTemplate } from "#lib/constructs/installed-template.ts";
import { followStream, type JournalConsumer } from "#lib/constructs/journal-consumer.ts";
import { PulseFunction } from "#lib/constructs/pulse-function.ts";
import { eventTypesVariable } from "#lib/event-types-variable.ts";
import { toldOfFormats } from "#lib/haproxy-formats.ts";
import type { JournalStack } from "#lib/journal-stack.ts";
import type { StageSettings } from "#lib/stage.ts";
import { indexTemplates } from "#stores/opensearch/index-templates.ts";

export interface IndexingStackProps extends StackProps {
  readonly stage: StageSettings;
  readonly index: EventIndex;
  readonly journal: JournalStack;
  /** The types that get an index template of their own, the default ones too. @default - the default ones alone */
  readonly eventTypes?: readonly EventTypeDeclaration[];
  /** The log-formats of gateways, besides those that HAProxy has by itself. @default - none */
  readonly haproxyFormats?: readonly KnownFormat[];
  /** A word that was not given before has every template installed again. @default - those that changed */
  readonly reinstall?: string;
}

/** From the journal into the index: the templates first, then the function that follows the stream. */
export class IndexingStack extends Stack {
  /** Of the stream of events. */
  readonly events: JournalConsumer;
  /** Of the stream of gateways' log lines. */
  readonly haproxyLogs: JournalConsumer;

  constructor(scope: Construct, id: string, props: IndexingStackProps) {
    super(scope, id, { description: "Pulse: index templates, and from the journal into the index", ...props });
    const templates = this.installTemplates(props);
    this.events = this.indexEvents(props, templates);
    this.haproxyLogs = this.indexHaproxyLogs(props, templates);
    this.forgetShards(props);
  }

  /** One resource per template, the one for undeclared types among them. */
  private installTemplates({ stage, index, eventTypes, reinstall }: IndexingStackProps): readonly InstalledTemplate[] {
    const onEvent = new PulseFunction(this, "InstallIndexTemplates", {
      name: "install-index-templates",
      environment: index.environment,
      stage,
      memoryMib: 256,
      timeout: Duration.minutes(4),
    });
    const access = index.grantManageTemplates(onEvent);
    const { serviceToken } = new CustomResourceProvider(this, "IndexTemplates", { onEvent, stage });
    const templates = new Construct(this, "Templates");
    return indexTemplates(eventTypes ?? DEFAULT_EVENT_TYPES).map((template) => {
      const installed = new InstalledTemplate(templates, template.name, {
        serviceToken,
        template,
        ...(reinstall !== undefined && { reinstall }),
      });
      installed.node.addDependency(access);
      return installed;
    });
  }

  private indexEvents(props: IndexingStackProps, templates: readonly InstalledTemplate[]): JournalConsumer {
    const { stage, journal } = props;
    const fn = new PulseFunction(this, "IndexEvents", {
      name: "index-events",
      environment: indexingVariables(props),
      stage,
      memoryMib: 1024,
      timeout: Duration.minutes(2),
    });
    return this.follow(fn, journal.events, props, templates);
  }

  private indexHaproxyLogs(props: IndexingStackProps, templates: readonly InstalledTemplate[]): JournalConsumer {
    const { stage, journal, haproxyFormats } = props;
    const { environment, ...files } = toldOfFormats(haproxyFormats);
    const fn = new PulseFunction(this, "IndexHaproxyLogs", {
      name: "index-haproxy-logs",
      environment: { ...indexingVariables(props), ...environment },
      ...files,
      stage,
      // A whole processor: it inflates and reads every line.
      memoryMib: 1769,
      // A batch is 6 MB of gzip at most, and that some 60 MB of lines.
      timeout: Duration.minutes(5),
    });
    return this.follow(fn, journal.haproxyLogs, props, templates);
  }

  private follow(
    fn: PulseFunction,
    stream: IStream,
    { index, journal }: IndexingStackProps,
    templates: readonly InstalledTemplate[],
  ): JournalConsumer {
    // Before its template is there, an index would guess mappings that nothing can put right later.
    fn.node.addDependency(index.grantIndexWrite(fn), ...templates);
    return followStream(fn, { stream, retention: journal.retention, deadLetters: journal.deadLetters });
  }

  /** Once a day: a resharded stream would leave a checkpoint behind for each shard that it closed. */
  private forgetShards({ stage, index, journal }: IndexingStackProps): void {
    const reason = "It is called once a day, and does what an earlier call left undone.";
    const fn = new PulseFunction(this, "ForgetShards", {
      name: "forget-shards",
      environment: {
        ...index.environment,
        PULSE_EVENTS_STREAM: journal.events.streamName,
        PULSE_HAPROXY_LOGS_STREAM: journal.haproxyLogs.streamName,
      },
      stage,
      memoryMib: 256,
      timeout: Duration.minutes(1),
      withoutFailurePlace: reason,
    });
    fn.node.addDependency(index.grantForgetShards(fn));
    Grant.addToPrincipal({
      grantee: fn,
      actions: ["kinesis:ListShards"],
      resourceArns: [journal.events.streamArn, journal.haproxyLogs.streamArn],
    });
    const daily = new Rule(this, "Daily", {
      description: "Pulse: once a day, what needs tidying",
      schedule: Schedule.rate(Duration.days(1)),
      targets: [new LambdaTarget(fn)],
    });
    Validations.of(daily).acknowledge({ id: "Serverless-EventBusDLQ", reason });
  }
}

/** What a function is told that writes to the index. */
const indexingVariables = ({ index, journal, eventTypes }: IndexingStackProps) => ({
  ...index.environment,
  ...eventTypesVariable(eventTypes),
  PULSE_DEAD_LETTERS_BUCKET: journal.deadLetters.bucketName,
});
