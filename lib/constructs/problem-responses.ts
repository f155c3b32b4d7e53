import { ResponseType, type RestApi } from "aws-cdk-lib/aws-apigateway";
import { type ErrorKind, PulseError } from "#core/errors.ts";
import { CANNOT_VERIFY } from "#functions/shared/auth/challenge.ts";
import { errorAnswer, problemAnswer } from "#functions/shared/http/answer.ts";
import { internalProblem } from "#functions/shared/http/problem.ts";

/** What API Gateway answers by itself, in the kinds that our own failures have; the rest are ours to mend: 500. */
const kinds = [
  [ResponseType.DEFAULT_4XX, "invalid-input"],
  [ResponseType.BAD_REQUEST_BODY, "invalid-input"],
  [ResponseType.BAD_REQUEST_PARAMETERS, "invalid-input"],
  [ResponseType.UNAUTHORIZED, "unauthenticated"],
  // Every path has its methods, so this is never a path that does not exist.
  [ResponseType.MISSING_AUTHENTICATION_TOKEN, "unauthenticated"],
  [ResponseType.ACCESS_DENIED, "forbidden"],
  [ResponseType.EXPIRED_TOKEN, "forbidden"],
  [ResponseType.INVALID_API_KEY, "forbidden"],
  [ResponseType.INVALID_SIGNATURE, "forbidden"],
  [ResponseType.WAF_FILTERED, "forbidden"],
  [ResponseType.RESOURCE_NOT_FOUND, "not-found"],
  [ResponseType.REQUEST_TOO_LARGE, "too-large"],
  [ResponseType.UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type"],
  [ResponseType.QUOTA_EXCEEDED, "overloaded"],
  [ResponseType.THROTTLED, "overloaded"],
  [ResponseType.INTEGRATION_FAILURE, "unavailable"],
  [ResponseType.INTEGRATION_TIMEOUT, "unavailable"],
  [ResponseType.DEFAULT_5XX, "internal"],
  [ResponseType.API_CONFIGURATION_ERROR, "internal"],
  // The authorizer threw, which API Gateway has no words for.
  [ResponseType.AUTHORIZER_CONFIGURATION_ERROR, "unavailable", CANNOT_VERIFY],
  [ResponseType.AUTHORIZER_FAILURE, "unavailable", CANNOT_VERIFY],
] as const satisfies readonly (readonly [ResponseType, ErrorKind | "internal", detail?: string])[];

/** What is asked for where a request is refused for such a reason. */
export type Challenges = Readonly<Partial<Record<ErrorKind, string>>>;

/** Gives API Gateway's own answers the form, the status and the headers of the functions' (RFC 9457). */
export function answerProblems(api: RestApi, challenges: Challenges): void {
  for (const [type, kind, detail = DETAIL] of kinds) {
    const { statusCode, headers, body } = answerOf(kind, detail, challenges);
    api.addGatewayResponse(type.responseType, {
      type,
      statusCode: String(statusCode),
      responseHeaders: Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, `'${value}'`])),
      templates: { "application/json": body.replaceAll(`"${DETAIL}"`, "$context.error.messageString") },
    });
  }
}

/** Stands in for API Gateway's own message, which brings its quotes along. */
const DETAIL = "the detail";

function answerOf(kind: ErrorKind | "internal", detail: string, challenges: Challenges) {
  if (kind === "internal") return problemAnswer(internalProblem("$context.requestId"));
  const challenge = challenges[kind];
  const error = new PulseError(kind, detail, challenge === undefined ? {} : { challenge });
  return errorAnswer(error, "$context.requestId");
}
