import { Duration } from "aws-cdk-lib";
import { AuthorizationType, IdentitySource, type MethodOptions, RequestAuthorizer } from "aws-cdk-lib/aws-apigateway";
import { FunctionUrlAuthType } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { CHALLENGE, INSUFFICIENT_SCOPE } from "#functions/shared/auth/challenge.ts";
import type { Auth, OidcAuth } from "#lib/auth.ts";
import type { ApiKeysTable } from "#lib/constructs/api-keys-table.ts";
import type { Challenges } from "#lib/constructs/problem-responses.ts";
import { PulseFunction, type Variables } from "#lib/constructs/pulse-function.ts";
import type { StageSettings } from "#lib/stage.ts";

/** How the doors of a deployment are guarded: the REST API's methods, and the URL of the function that streams. */
export interface ApiAuthorization {
  readonly methods: Pick<MethodOptions, "authorizationType" | "authorizer">;
  /** What API Gateway asks for where it refuses a caller. */
  readonly challenges: Challenges;
  readonly url: FunctionUrlAuthType;
  /** What a function with a URL is told, so that it verifies callers where AWS does not. */
  readonly environment: Pick<Variables<"stream-events">, "PULSE_AUTH">;
  /** Lets such a function do it. */
  grantVerify(fn: PulseFunction): void;
}

export interface ApiAuthorizationProps {
  readonly auth: Auth;
  readonly apiKeys: ApiKeysTable;
  readonly stage: StageSettings;
}

export function apiAuthorization(scope: Construct, { auth, apiKeys, stage }: ApiAuthorizationProps): ApiAuthorization {
  switch (auth.kind) {
    case "iam":
      return {
        methods: { authorizationType: AuthorizationType.IAM },
        challenges: {},
        url: FunctionUrlAuthType.AWS_IAM,
        environment: { PULSE_AUTH: "iam" },
        grantVerify: () => {},
      };
    case "none":
      return {
        methods: { authorizationType: AuthorizationType.NONE },
        challenges: {},
        url: FunctionUrlAuthType.NONE,
        environment: { PULSE_AUTH: "none" },
        grantVerify: () => {},
      };
    case "oidc": {
      const callers = knownCallers(auth, apiKeys);
      const { authorizer } = new CallerAuthorizer(scope, "Authorizer", { callers, apiKeys, stage });
      return {
        methods: { authorizationType: AuthorizationType.CUSTOM, authorizer },
        challenges: { unauthenticated: CHALLENGE, forbidden: INSUFFICIENT_SCOPE },
        url: FunctionUrlAuthType.NONE,
        environment: { PULSE_AUTH: "oidc", ...callers },
        grantVerify: (fn) => void apiKeys.grantFind(fn),
      };
    }
  }
}

const knownCallers = ({ issuer, audience, readScope, writeScope, declareScope }: OidcAuth, apiKeys: ApiKeysTable) => ({
  PULSE_OIDC_ISSUER: issuer,
  PULSE_OIDC_AUDIENCE: audience,
  ...(readScope !== undefined && { PULSE_OIDC_READ_SCOPE: readScope }),
  ...(writeScope !== undefined && { PULSE_OIDC_WRITE_SCOPE: writeScope }),
  ...(declareScope !== undefined && { PULSE_OIDC_DECLARE_SCOPE: declareScope }),
  PULSE_API_KEYS_TABLE: apiKeys.tableName,
});

interface CallerAuthorizerProps {
  readonly callers: Variables<"authorize-request">;
  readonly apiKeys: ApiKeysTable;
  readonly stage: StageSettings;
}

/** How long a caller is not asked for again: a revoked key or a withdrawn right counts for so long at most. */
const KEPT_FOR = Duration.minutes(1);

class CallerAuthorizer extends Construct {
  readonly authorizer: RequestAuthorizer;

  constructor(scope: Construct, id: string, { callers, apiKeys, stage }: CallerAuthorizerProps) {
    super(scope, id);
    const handler = new PulseFunction(this, "AuthorizeRequest", {
      name: "authorize-request",
      environment: callers,
      stage,
      memoryMib: 512,
      timeout: Duration.seconds(15),
    });
    apiKeys.grantFind(handler);
    this.authorizer = new RequestAuthorizer(this, "Request", {
      handler,
      identitySources: [IdentitySource.header("Authorization")],
      resultsCacheTtl: KEPT_FOR,
    });
  }
}
