import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import {
  AccessLogField,
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
import { YAML_TYPES } from "#core/artifacts/read-source.ts";
import { BASE_PATH, type HttpFunction, type Route, resourcePathOf } from "#functions/routes.ts";
import { COMMON_HEADERS, PREFLIGHT } from "#functions/shared/http/answer.ts";
import type { ApiAuthorization } from "#lib/constructs/api-authorization.ts";
import { answerProblems } from "#lib/constructs/problem-responses.ts";
import type { StageName, StageSettings } from "#lib/stage.ts";

export interface EventsApiProps {
  readonly stageName: StageName;
  readonly stage: StageSettings;
  /** How every method is guarded, but for a browser's preflight. */
  readonly authorization: Pick<ApiAuthorization, "methods" | "challenges">;
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

/**
 * Log lines, and artifacts in YAML, reach their function byte for byte: what API Gateway takes for text, it decodes,
 * and puts `\ufffd` for the rest.
 */
const EXACT_MEDIA_TYPES = ["text/plain", "application/x-ndjson", ...YAML_TYPES] as const;

/**
 * Who asked for what, and what came of it: IAM's callers are told by their ARN, others by what the authorizer found.
 */
const ACCESS_LOG = AccessLogFormat.custom(
  JSON.stringify({
    requestId: AccessLogField.contextRequestId(),
    requestTime: AccessLogField.contextRequestTime(),
    ip: AccessLogField.contextIdentitySourceIp(),
    userArn: AccessLogField.contextIdentityUserArn(),
    principal: AccessLogField.contextAuthorizerPrincipalId(),
    httpMethod: AccessLogField.contextHttpMethod(),
    resourcePath: AccessLogField.contextResourcePath(),
    protocol: AccessLogField.contextProtocol(),
    status: AccessLogField.contextStatus(),
    responseLength: AccessLogField.contextResponseLength(),
  }),
);

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
      binaryMediaTypes: [...EXACT_MEDIA_TYPES],
      cloudWatchRole: false,
      defaultMethodOptions: props.authorization.methods,
      defaultCorsPreflightOptions: {
        allowOrigins: Cors.ALL_ORIGINS,
        allowMethods: [...PREFLIGHT.methods],
        allowHeaders: [...PREFLIGHT.headers],
        exposeHeaders: EXPOSED_HEADERS,
        maxAge: Duration.seconds(PREFLIGHT.maxAgeSeconds),
      },
      deployOptions: {
        stageName: props.stageName,
        tracingEnabled: true,
        accessLogDestination: new LogGroupLogDestination(accessLog),
        accessLogFormat: ACCESS_LOG,
        loggingLevel: MethodLoggingLevel.OFF,
        throttlingRateLimit: props.stage.requestsPerSecond,
        throttlingBurstLimit: 2 * props.stage.requestsPerSecond,
      },
    });
    this.rest = api;
    this.url = api.urlForPath(BASE_PATH);
    for (const base of [BASE_PATH, `/{namespace}${BASE_PATH}`]) {
      for (const route of oncePerResource(props.routes))
        api.root
          .resourceForPath(base + resourcePathOf(route))
          .addMethod(route.method, integrationOf(props.functions[route.fn], route, props.longestStream));
    }
    refuseTheRest(api, props.refusal);
    answerProblems(api, props.authorization.challenges);
    acknowledge(api, props.authorization.methods);
  }
}

/** Of routes that API Gateway takes at the same resource, one. */
const oncePerResource = (routes: readonly Route[]): Iterable<Route> =>
  new Map(routes.map((route) => [`${route.method} ${resourcePathOf(route)}`, route])).values();

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

function acknowledge(api: RestApi, { authorizationType }: ApiAuthorization["methods"]): void {
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
      reason:
        "Callers are not only Cognito's users: IAM or our authorizer decides, or nobody where that was chosen by name.",
    },
  );
  if (authorizationType === AuthorizationType.NONE)
    Validations.of(api).acknowledge({
      id: "AwsSolutions-APIG4",
      reason: "The deployment was made open by name, for tests.",
    });
}
