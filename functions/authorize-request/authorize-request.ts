import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from "aws-lambda";
import { PulseError } from "#core/errors.ts";
import type { Authenticate } from "#functions/shared/auth/authenticate.ts";
import { toAuthorizerContext } from "#functions/shared/auth/authorizer-context.ts";
import { refusedCredentials } from "#functions/shared/auth/challenge.ts";
import { log } from "#functions/shared/log.ts";
import { policyFor } from "./policy.ts";

/** A function that API Gateway asks before it lets a request pass. */
export type AuthorizerHandler = (request: APIGatewayRequestAuthorizerEvent) => Promise<APIGatewayAuthorizerResult>;

/**
 * Answers API Gateway with all that the caller may do; the rights themselves go along, for functions that decide by
 * more than a path. Throws `Unauthorized`, which API Gateway turns into 401, when the credentials are not good;
 * anything else that is thrown becomes 503.
 */
export const authorizeRequestHandler =
  (authenticate: Authenticate): AuthorizerHandler =>
  async (request) => {
    try {
      const principal = await authenticate(authorizationOf(request));
      return {
        principalId: principal.id,
        policyDocument: policyFor(principal, request.methodArn),
        context: toAuthorizerContext(principal),
      };
    } catch (error) {
      const { requestId } = request.requestContext;
      if (!(error instanceof PulseError)) log.error("a caller could not be authorized", { requestId, error });
      else if (error.kind === "unauthenticated") throw new Error("Unauthorized");
      else log.warn(error.message, { requestId, cause: String(error.cause) });
      throw error;
    }
  };

/** API Gateway keeps the answer for the header's text: were there two headers, it might keep it for the other one. */
function authorizationOf({ multiValueHeaders }: APIGatewayRequestAuthorizerEvent): string | undefined {
  const sent = Object.entries(multiValueHeaders ?? {}).filter(([name]) => name.toLowerCase() === "authorization");
  const values = sent.flatMap(([, some]) => some ?? []);
  if (values.length > 1) throw refusedCredentials();
  return values[0];
}
