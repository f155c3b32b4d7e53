import type { Readable, Writable } from "node:stream";
import middy from "@middy/core";
import { executionModeStreamifyResponse } from "@middy/core/StreamifyResponse";
import type { APIGatewayProxyResult, Context } from "aws-lambda";
import type { Principal } from "#core/access/principal.ts";
import { requireNamespace } from "#core/namespaces.ts";
import { COMMON_HEADERS, type Headers, PREFLIGHT_ANSWER } from "#functions/shared/http/answer.ts";
import { problems } from "#functions/shared/http/api.ts";
import { refuseMisspelt } from "#functions/shared/http/misspelt-parameters.ts";
import { type ApiRequest, type HttpMessage, toApiRequest } from "#functions/shared/http/request.ts";

/** An answer whose body is still being made when its head has gone. */
export interface StreamedAnswer {
  readonly statusCode: number;
  readonly headers: Headers;
  readonly body: Readable;
}

/** A function that streams its answer, as AWS calls it once `awslambda.streamifyResponse` has wrapped it. */
export type StreamingHandler = (message: HttpMessage, response: Writable, context: Context) => Promise<void>;

/**
 * Like `api`, for an answer that is a stream. A failure before the stream is a problem document like any other. Who is
 * not admitted is told nothing, not even which namespaces there are, but for a browser's preflight: no API Gateway
 * stands before a function's own address.
 */
export const streamingApi = (
  namespaces: readonly string[],
  admit: (request: ApiRequest) => Promise<Principal>,
  answer: (request: ApiRequest, principal: Principal) => Promise<StreamedAnswer>,
): StreamingHandler =>
  middy<HttpMessage, APIGatewayProxyResult | StreamedAnswer>({ executionMode: executionModeStreamifyResponse })
    .use(problems())
    .handler(async (message: HttpMessage) => {
      const request = toApiRequest(message);
      if (request.method === "OPTIONS") return PREFLIGHT_ANSWER;
      const principal = await admit(request);
      requireNamespace(request.namespace, namespaces);
      refuseMisspelt(request);
      const { statusCode, headers, body } = await answer(request, principal);
      return { statusCode, headers: { ...COMMON_HEADERS, ...headers }, body };
    }) as unknown as StreamingHandler;
