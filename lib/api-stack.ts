import { CfnOutput, Duration, Stack, type StackProps } from "aws-cdk-lib";
import type { RestApi } from "aws-cdk-lib/aws-apigateway";
import { InvokeMode } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import type { KnownFormat } from "#core/haproxy/parser/haproxy-parser.ts";
import { type HttpFunction, routes } from "#functions/routes.ts";
import { type Auth, requireAuth } from "#lib/auth.ts";
import { type ApiAuthorization, apiAuthorization } from "#lib/constructs/api-authorization.ts";
import type { ApiKeysTable } from "#lib/constructs/api-keys-table.ts";
import type { ArtifactsTable } from "#lib/constructs/artifacts-table.ts";
import type { EventIndex } from "#lib/constructs/event-index.ts";
import { EventsApi } from "#lib/constructs/events-api.ts";
import type { IdempotencyKeysTable } from "#lib/constructs/idempotency-keys-table.ts";
import { PulseFunction, type PulseFunctionProps, type Variables } from "#lib/constructs/pulse-function.ts";
import { eventTypesVariable } from "#lib/event-types-variable.ts";
import { toldOfFormats } from "#lib/haproxy-formats.ts";
import type { JournalStack } from "#lib/journal-stack.ts";
import { type StageName, type StageSettings, stages } from "#lib/stage.ts";
import { type TriggerTargets, triggerTargetVariables } from "#lib/trigger-targets.ts";

export interface ApiStackProps extends StackProps {
  readonly stageName: StageName;
  /** Who may call. There is no default: a deployment without it is refused. */
  readonly auth: Auth | undefined;
  /** Namespaces besides `default`. @default - none */
  readonly namespaces?: readonly string[];
  readonly index: EventIndex;
  readonly artifacts: ArtifactsTable;
  readonly keys: IdempotencyKeysTable;
  readonly apiKeys: ApiKeysTable;
  readonly journal: JournalStack;
  /** How far back the views of health and metrics look. */
  readonly viewWindow: Duration;
  /** What readers know of types. @default - the default types */
  readonly eventTypes?: readonly EventTypeDeclaration[];
  /** The log-formats of gateways, besides those that HAProxy has by itself. @default - none */
  readonly haproxyFormats?: readonly KnownFormat[];
  /** Of the clocks of gateways whose log lines come without their zone. @default - UTC */
  readonly haproxyZone?: string;
  /** Where triggers that are put may deliver to besides. @default - receivers in the internet */
  readonly triggerTargets?: TriggerTargets;
}

/** Before API Gateway gives up on it. */
const LONGEST_ANSWER = Duration.seconds(28);
/** After so long a stream ends by itself: a closed connection does not end the function behind it. */
const STREAM_LEASE = Duration.seconds(55);
const LONGEST_STREAM = Duration.seconds(65);

/** The functions that are waited for until they have answered. */
type AnsweringFunction = Exclude<HttpFunction, "stream-events"> | "refuse-unmatched";

/** The way in: the REST API over the table of routes, one function per verb, and a URL that streams. */
export class ApiStack extends Stack {
  readonly rest: RestApi;
  readonly functions: Readonly<Record<HttpFunction, PulseFunction>>;
  private readonly stage: StageSettings;

  constructor(scope: Construct, id: string, props: ApiStackProps) {
    super(scope, id, { description: "Pulse: the HTTP API", ...props });
    const auth = requireAuth(props.auth);
    const { stageName } = props;
    this.stage = stages[stageName];
    const authorization = apiAuthorization(this, { auth, apiKeys: props.apiKeys, stage: this.stage });
    const streamEvents = this.streamEvents(props, authorization);
    this.functions = {
      "create-events": this.createEvents(props),
      "receive-haproxy-logs": this.receiveHaproxyLogs(props),
      "query-events": this.queryEvents(props),
      "aggregate-events": this.reader("AggregateEvents", "aggregate-events", props, 512),
      "stream-events": streamEvents,
      "put-artifact": this.putArtifact(props),
      "read-artifacts": this.readArtifacts(props),
      "describe-api": this.reader("DescribeApi", "describe-api", props, 512),
    };
    const api = new EventsApi(this, "Api", {
      stageName,
      stage: this.stage,
      authorization,
      routes,
      functions: this.functions,
      refusal: this.answering("RefuseUnmatched", "refuse-unmatched", namespacesOf(props), 256),
      longestStream: LONGEST_STREAM,
    });
    this.rest = api.rest;
    const streamUrl = streamEvents.addFunctionUrl({
      authType: authorization.url,
      invokeMode: InvokeMode.RESPONSE_STREAM,
    });
    new CfnOutput(this, "ApiUrl", { value: api.url });
    new CfnOutput(this, "StreamUrl", { value: streamUrl.url });
  }

  private createEvents(props: ApiStackProps): PulseFunction {
    const { keys, journal } = props;
    const variables = {
      ...namespacesOf(props),
      PULSE_EVENTS_STREAM: journal.events.streamName,
      PULSE_KEYS_TABLE: keys.tableName,
    };
    const fn = this.answering("CreateEvents", "create-events", variables, 1024);
    journal.events.grantWrite(fn);
    keys.grantClaim(fn);
    return fn;
  }

  private receiveHaproxyLogs(props: ApiStackProps): PulseFunction {
    const { haproxyLogs } = props.journal;
    const { environment, ...files } = toldOfFormats(props.haproxyFormats);
    const variables = {
      ...namespacesOf(props),
      ...environment,
      PULSE_HAPROXY_LOGS_STREAM: haproxyLogs.streamName,
      ...(props.haproxyZone !== undefined && { PULSE_HAPROXY_ZONE: props.haproxyZone }),
    };
    const fn = this.answering("ReceiveHaproxyLogs", "receive-haproxy-logs", variables, 1024, files);
    haproxyLogs.grantWrite(fn);
    return fn;
  }

  private putArtifact(props: ApiStackProps): PulseFunction {
    const variables = {
      ...readingVariables(props),
      PULSE_ARTIFACTS_TABLE: props.artifacts.tableName,
      ...triggerTargetVariables(props.triggerTargets),
    };
    const fn = this.answering("PutArtifact", "put-artifact", variables, 512);
    props.artifacts.grantChange(fn);
    props.index.grantDeclareTypes(fn);
    return fn;
  }

  private readArtifacts(props: ApiStackProps): PulseFunction {
    const variables = { ...readingVariables(props), PULSE_ARTIFACTS_TABLE: props.artifacts.tableName };
    const fn = this.answering("ReadArtifacts", "read-artifacts", variables, 512);
    props.artifacts.grantRead(fn);
    props.index.grantIndexRead(fn);
    return fn;
  }

  private queryEvents(props: ApiStackProps): PulseFunction {
    const variables = {
      ...readingVariables(props),
      PULSE_VIEW_WINDOW_SECONDS: String(props.viewWindow.toSeconds()),
    };
    const fn = this.answering("QueryEvents", "query-events", variables, 1024);
    props.index.grantIndexRead(fn);
    return fn;
  }

  private reader(
    id: string,
    name: "aggregate-events" | "describe-api",
    props: ApiStackProps,
    memoryMib: number,
  ): PulseFunction {
    const fn = this.answering(id, name, readingVariables(props), memoryMib);
    props.index.grantIndexRead(fn);
    return fn;
  }

  private answering<Name extends AnsweringFunction>(
    id: string,
    name: Name,
    environment: Variables<Name>,
    memoryMib: number,
    files: Pick<PulseFunctionProps<Name>, "files"> = {},
  ): PulseFunction<Name> {
    const { stage } = this;
    return new PulseFunction(this, id, { name, environment, stage, memoryMib, timeout: LONGEST_ANSWER, ...files });
  }

  private streamEvents(props: ApiStackProps, authorization: ApiAuthorization): PulseFunction {
    const fn = new PulseFunction(this, "StreamEvents", {
      name: "stream-events",
      environment: {
        ...readingVariables(props),
        ...authorization.environment,
        PULSE_STREAM_LEASE_SECONDS: String(STREAM_LEASE.toSeconds()),
      },
      stage: this.stage,
      memoryMib: 256,
      timeout: LONGEST_STREAM,
      reservedConcurrency: this.stage.openStreams,
    });
    authorization.grantVerify(fn);
    props.index.grantIndexRead(fn);
    return fn;
  }
}

const namespacesOf = ({ namespaces = [] }: ApiStackProps) => ({ PULSE_NAMESPACES: namespaces.join(",") });

/** What a function is told that reads events. */
const readingVariables = (props: ApiStackProps) => ({
  ...namespacesOf(props),
  ...props.index.environment,
  ...eventTypesVariable(props.eventTypes),
});
