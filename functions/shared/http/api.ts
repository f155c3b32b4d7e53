import middy from "@middy/core";
import type { APIGatewayProxyResult, Context } from "aws-lambda";
import { PulseError } from "#core/errors.ts";
import { requireNamespace } from "#core/namespaces.ts";
import { errorAnswer, problemAnswer, requireAcceptable } from "#functions/shared/http/answer.ts";
import { refuseMisspelt } from "#functions/shared/http/misspelt-parameters.ts";
import { internalProblem } from "#functions/shared/http/problem.ts";
import { type ApiRequest, type HttpMessage, toApiRequest } from "#functions/shared/http/request.ts";
import { log } from "#functions/shared/log.ts";

/** A function that answers HTTP, as AWS calls it. */
export type ApiHandler = (message: HttpMessage, context: Context) => Promise<APIGatewayProxyResult>;

/** Answers one request. Throws `PulseError` for what the caller can mend. */
export type Answer = (request: ApiRequest) => Promise<APIGatewayProxyResult>;

/**
 * Turns an answer into a handler: checks the namespace, the names of parameters, and that the caller can read JSON;
 * failures become problem documents, and bugs are logged.
 */
export const api = (namespaces: readonly string[], answer: Answer): ApiHandler =>
  apiOfAnyType(namespaces, async (request) => {
    requireAcceptable(request.header("accept"), "application/json");
    return answer(request);
  });

/** The same for answers of which not all are JSON. */
export const apiOfAnyType = (namespaces: readonly string[], answer: Answer): ApiHandler =>
  middy<HttpMessage, APIGatewayProxyResult>()
    .use(problems())
    .handler(async (message) => {
      const request = toApiRequest(message);
      requireNamespace(request.namespace, namespaces);
      refuseMisspelt(request);
      return answer(request);
    }) as unknown as ApiHandler;

/** Middleware: the one place where an error becomes an answer. */
export const problems = (): middy.MiddlewareObj<HttpMessage, APIGatewayProxyResult, Error> => ({
  onError: (handled) => {
    const { requestId } = handled.event.requestContext;
    handled.response = answerOf(handled.error, requestId);
  },
});

/** An expected failure says what it is; a bug is logged under the request's id and says nothing else. */
export function answerOf(error: Error | null | undefined, requestId: string): APIGatewayProxyResult {
  if (error instanceof PulseError) {
    if (error.kind === "unavailable" || error.kind === "overloaded")
      log.warn(error.message, { requestId, cause: String(error.cause) });
    return errorAnswer(error, requestId);
  }
  log.error("a request failed", { requestId, error: error as Error });
  return problemAnswer(internalProblem(requestId));
}

/** Calls the answer of the route that matched; the keys are `<method> <path template>`. */
export const dispatch =
  (answers: Readonly<Record<string, Answer>>): Answer =>
  (request) => {
    const answer = answers[`${request.method} ${request.route ?? request.path}`];
    if (answer === undefined) throw new Error(`no answer for the route ${request.method} ${request.route}`);
    return answer(request);
  };
