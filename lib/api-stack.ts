import { CfnOutput, Duration, Stack, type StackProps } from "aws-cdk-lib";
import type { RestApi } from "aws-cdk-lib/aws-apigateway";
import { InvokeMode } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { EventTypeDeclaration } from "#core/events/event-types.ts";
import { type HttpFunction, routes } from "#functions/routes.ts";
import { type Auth, requireAuth } from "#lib/auth.ts";
import { apiAuthorization } from "#lib/constructs/api-authorization.ts";
import type { ApiKeysTable } from "#lib/constructs/api-keys-table.ts";
import type { EventIndex } from "#lib/constructs/event-index.ts";
import { EventsApi } from "#lib/constructs/events-api.ts";
import type { IdempotencyKeysTable } from "#lib/constructs/idempotency-keys-table.ts";
import { PulseFunction } from "#lib/constructs/pulse-function.ts";
import { eventTypesVariable } from "#lib/event-types-variable.ts";
import type { JournalStack } from "#lib/journal-stack.ts";
import { type StageName, stages } from "#lib/stage.ts";

export interface ApiStackProps extends StackProps {
  readonly stageName: StageName;
  /** Who may call. There is no default: a deployment without it is refused. */
  readonly auth: Auth | undefined;
  /** Namespaces besides `default`. @default - none */
  readonly namespaces?: readonly string[];
  readonly index: EventIndex;
  readonly keys: IdempotencyKeysTable;
  readonly apiKeys: ApiKeysTable;
  readonly journal: JournalStack;
  /** What readers know of types. @default - the default types */
  readonly eventTypes?: readonly EventTypeDeclaration[];
}

/** After so long a stream ends by itself: a closed connection does not end the function behind it. */
const STREAM_LEASE = Duration.seconds(55);
const LONGEST_STREAM = Duration.seconds(65);

/** The way in: the REST API over the table of routes, one function per verb, and a URL that streams. */
export class ApiStack extends Stack {
  readonly rest: RestApi;
  readonly functions: Readonly<Record<HttpFunction, PulseFunction>>;

  constructor(scope: Construct, id: string, props: ApiStackProps) {
    super(scope, id, { description: "Pulse: the HTTP API", ...props });
    const auth = requireAuth(props.auth);
    const { stageName, index } = props;
    const stage = stages[stageName];
    const namespaces = { PULSE_NAMESPACES: (props.namespaces ?? []).join(",") };
    const timeout = Duration.seconds(28);
    const authorization = apiAuthorization(this, { auth, apiKeys: props.apiKeys, stage });

    const createEvents = new PulseFunction(this, "CreateEvents", {
      name: "create-events",
      environment: {
        ...namespaces,
        PULSE_EVENTS_STREAM: props.journal.events.streamName,
        PULSE_KEYS_TABLE: props.keys.tableName,
      },
      stage,
      memoryMib: 1024,
      timeout,
    });
    props.journal.events.grantWrite(createEvents);
    props.keys.grantClaim(createEvents);

    const reading = { ...namespaces, ...index.environment, ...eventTypesVariable(props.eventTypes) };
    const queryEvents = new PulseFunction(this, "QueryEvents", {
      name: "query-events",
      environment: reading,
      stage,
      memoryMib: 1024,
      timeout,
    });
    const aggregateEvents = new PulseFunction(this, "AggregateEvents", {
      name: "aggregate-events",
      environment: reading,
      stage,
      memoryMib: 512,
      timeout,
    });
    const describeApi = new PulseFunction(this, "DescribeApi", {
      name: "describe-api",
      environment: reading,
      stage,
      memoryMib: 512,
      timeout,
    });
    const streamEvents = new PulseFunction(this, "StreamEvents", {
      name: "stream-events",
      environment: {
        ...reading,
        ...authorization.environment,
        PULSE_STREAM_LEASE_SECONDS: String(STREAM_LEASE.toSeconds()),
      },
      stage,
      memoryMib: 256,
      timeout: LONGEST_STREAM,
      reservedConcurrency: stage.openStreams,
    });
    authorization.grantVerify(streamEvents);
    for (const reader of [queryEvents, aggregateEvents, describeApi, streamEvents]) index.grantIndexRead(reader);
    const refuseUnmatched = new PulseFunction(this, "RefuseUnmatched", {
      name: "refuse-unmatched",
      environment: namespaces,
      stage,
      memoryMib: 256,
      timeout,
    });

    this.functions = {
      "create-events": createEvents,
      "query-events": queryEvents,
      "aggregate-events": aggregateEvents,
      "stream-events": streamEvents,
      "describe-api": describeApi,
    };
    const api = new EventsApi(this, "Api", {
      stageName,
      stage,
      authorization,
      routes,
      functions: this.functions,
      refusal: refuseUnmatched,
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
}
