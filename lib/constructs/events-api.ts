import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import {
  AccessLogFormat,
  AuthorizationType,
  Cors,
  EndpointType,
  type IResource,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  Resource,
  ResponseTransferMode,
  RestApi,
} from "aws-cdk-lib/aws-apigateway";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { BASE_PATH, type HttpFunction, type Route } from "#functions/routes.ts";
import { COMMON_HEADERS } from "#functions/shared/answer.ts";
import type { SupportedAuth } from "#lib/auth.ts";
import { answerProblems } from "#lib/constructs/problem-responses.ts";
import type { StageName, StageSettings } from "#lib/stage.ts";

export interface EventsApiProps {
  readonly stageName: StageName;
  readonly stage: StageSettings;
  readonly auth: SupportedAuth;
  readonly routes: readonly Route[];
  /** Who answers which routes. */
  readonly functions: Readonly<Record<HttpFunction, IFunction>>;
  /** Answers what no route does: 404, or 405 where the path has a route of another method. */
  readonly refusal: IFunction;
  /** How long a streamed answer may last. */
  readonly longestStream: Duration;
}

const LONGEST_ANSWER = Duration.seconds(29);
const EXPOSED_HEADERS = (COMMON_HEADERS["access-control-expose-headers"] ?? "").split(", ");

/** The REST API: the table of routes twice, for the default namespace and for a named one. */
export class EventsApi extends Construct {
  readonly url: string;
  readonly rest: RestApi;

  constructor(scope: Construct, id: string, props: EventsApiProps) {
    super(scope, id);
    const accessLog = new LogGroup(this, "AccessLog", {
      retention: props.stage.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const api = new RestApi(this, "Rest", {
      // Its metrics go by this name and the stage's.
      restApiName: `pulse-${props.stageName}`,
      description: "Pulse: events",
      // Regional: an edge-optimised one refuses a GET with a body, and cuts a stream that is silent for 30 seconds.
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: false,
      defaultMethodOptions: { authorizationType: authorizationOf(props.auth) },
      defaultCorsPreflightOptions: {
        allowOrigins: Cors.ALL_ORIGINS,
        allowMethods: Cors.ALL_METHODS,
        allowHeaders: [...Cors.DEFAULT_HEADERS, "Idempotency-Key", "Last-Event-ID", "Pulse-Key"],
        exposeHeaders: EXPOSED_HEADERS,
        maxAge: Duration.hours(1),
      },
      deployOptions: {
        stageName: props.stageName,
        tracingEnabled: true,
        accessLogDestination: new LogGroupLogDestination(accessLog),
        accessLogFormat: AccessLogFormat.jsonWithStandardFields(),
        loggingLevel: MethodLoggingLevel.OFF,
        throttlingRateLimit: props.stage.requestsPerSecond,
        throttlingBurstLimit: 2 * props.stage.requestsPerSecond,
      },
    });
    this.rest = api;
    this.url = api.urlForPath(BASE_PATH);
    for (const base of [BASE_PATH, `/{namespace}${BASE_PATH}`]) {
      for (const route of props.routes) {
        api.root
          .resourceForPath(base + route.path)
          .addMethod(route.method, integrationOf(props.functions[route.fn], route, props.longestStream));
      }
    }
    refuseTheRest(api, props.refusal);
    answerProblems(api);
    acknowledge(api, props.auth);
  }
}

const authorizationOf = (auth: SupportedAuth): AuthorizationType =>
  ({ iam: AuthorizationType.IAM, none: AuthorizationType.NONE })[auth.kind];

function integrationOf(fn: IFunction, { streams }: Pick<Route, "streams">, longestStream: Duration): LambdaIntegration {
  return new LambdaIntegration(fn, {
    // One permission for the whole API: one per method would outgrow the 20 KB of a function's policy.
    scopePermissionToMethod: false,
    responseTransferMode: streams ? ResponseTransferMode.STREAM : ResponseTransferMode.BUFFERED,
    timeout: streams ? longestStream : LONGEST_ANSWER,
  });
}

/**
 * API Gateway answers 403 where a path has no such method, so every path that a route goes through refuses by itself.
 * `{proxy+}` cannot stand beside `{namespace}`: it stands below each of the first segments instead.
 */
function refuseTheRest(api: RestApi, refusal: IFunction): void {
  const integration = new LambdaIntegration(refusal, { scopePermissionToMethod: false, timeout: LONGEST_ANSWER });
  for (const first of ["api", "{namespace}"]) api.root.getResource(first)?.addResource("{proxy+}");
  const resources: IResource[] = [api.root, ...api.root.node.findAll().filter((node) => node instanceof Resource)];
  for (const resource of resources) resource.addMethod("ANY", integration);
}

function acknowledge(api: RestApi, auth: SupportedAuth): void {
  Validations.of(api).acknowledge(
    {
      id: "AwsSolutions-APIG2",
      reason: "Functions validate and name every fault, which API Gateway's validator does not.",
    },
    {
      id: "AwsSolutions-APIG3",
      reason: "A web ACL costs by the month and knows its deployment's callers: attach one to the stage.",
    },
    {
      id: "AwsSolutions-APIG6",
      reason:
        "Every request is in the access log and every failure in its function's; execution logs need a role shared by the whole account.",
    },
    {
      id: "AwsSolutions-COG4",
      reason: "Callers are not Cognito users: IAM decides, or nobody where that was chosen by name.",
    },
  );
  if (auth.kind === "none")
    Validations.of(api).acknowledge({
      id: "AwsSolutions-APIG4",
      reason: "The deployment was made open by name, for tests.",
    });
}
