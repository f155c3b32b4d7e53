import type { APIGatewayProxyResult } from "aws-lambda";
import { PulseError } from "#core/errors.ts";
import type { AnsweredAggregation } from "#core/events/aggregate-events.ts";
import { routes } from "#functions/routes.ts";
import { type Problem, statusOf, toProblem } from "#functions/shared/http/problem.ts";

export type Headers = Readonly<Record<string, string>>;

/** On every answer: nothing is cached, every origin may read it and the headers it carries. */
export const COMMON_HEADERS: Headers = {
  "cache-control": "no-store",
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Link, X-Total-Count, Pulse-Position, Pulse-Receipt, Location, ETag, Retry-After",
};

/** Lambda refuses an answer over 6 MB after it has put the body into JSON once more; the promise is 5 MB. */
export const MAX_ANSWER_BYTES = 5_000_000;
/** The most bytes a character of JSON text can become inside a JSON string. */
const MOST_BYTES_PER_CHARACTER = 3;

/** What the body weighs on its way through Lambda. */
const answerBytes = (body: string): number => Buffer.byteLength(JSON.stringify(body));

const fitsAnswer = (body: string): boolean =>
  body.length * MOST_BYTES_PER_CHARACTER <= MAX_ANSWER_BYTES || answerBytes(body) <= MAX_ANSWER_BYTES;

export const jsonAnswer = (statusCode: number, body: string, headers: Headers = {}): APIGatewayProxyResult => ({
  statusCode,
  headers: { ...COMMON_HEADERS, "content-type": "application/json", ...headers },
  body,
});

/** The answer of an aggregation. Throws `too-large` where Lambda could not carry it. */
export function aggregationAnswer(result: AnsweredAggregation, headers: Headers): APIGatewayProxyResult {
  const body = JSON.stringify(result);
  if (fitsAnswer(body)) return jsonAnswer(200, body, headers);
  throw new PulseError(
    "too-large",
    `the answer has more than ${MAX_ANSWER_BYTES} bytes: ask for fewer groups (size), or for a longer interval`,
  );
}

export const problemAnswer = (problem: Problem, headers: Headers = {}): APIGatewayProxyResult => ({
  statusCode: problem.status,
  headers: { ...COMMON_HEADERS, "content-type": "application/problem+json", ...headers },
  body: JSON.stringify(problem),
});

/** What pages of any origin may send, and for how long a browser need not ask again. */
export const PREFLIGHT = {
  methods: [...new Set(routes.map(({ method }) => method)), "OPTIONS"],
  headers: [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Pulse-Hops",
    "Pulse-Key",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "X-Amz-User-Agent",
    "X-Api-Key",
  ],
  maxAgeSeconds: 1800,
} as const;

/** The answer to a browser that asks before it sends a request of a page from elsewhere. */
export const PREFLIGHT_ANSWER: APIGatewayProxyResult = {
  statusCode: 204,
  headers: {
    ...COMMON_HEADERS,
    "access-control-allow-methods": PREFLIGHT.methods.join(", "),
    "access-control-allow-headers": PREFLIGHT.headers.join(", "),
    "access-control-max-age": String(PREFLIGHT.maxAgeSeconds),
  },
  body: "",
};

/** The answer to an expected failure, with `Allow`, `WWW-Authenticate` and `Retry-After` where they belong. */
export const errorAnswer = (error: PulseError, requestId: string): APIGatewayProxyResult =>
  problemAnswer(toProblem(error, requestId), {
    ...(error.allow === undefined ? {} : { allow: error.allow.join(", ") }),
    ...(error.challenge === undefined ? {} : { "www-authenticate": error.challenge }),
    ...(error.retryAfterSeconds === undefined && statusOf(error) !== 503 && statusOf(error) !== 429
      ? {}
      : { "retry-after": String(error.retryAfterSeconds ?? 1) }),
  });

/**
 * A JSON array of these JSON texts; errors call them by the word `called`. Throws `too-large` where Lambda could not
 * carry it, naming how many would fit.
 */
export function listText(texts: readonly string[], called: string): string {
  const list = `[${texts.join(",")}]`;
  if (fitsAnswer(list)) return list;
  let bytes = 0;
  for (const [index, text] of texts.entries()) {
    bytes += answerBytes(text);
    if (bytes > MAX_ANSWER_BYTES)
      throw new PulseError(
        "too-large",
        `these ${texts.length} ${called} are more than ${MAX_ANSWER_BYTES} bytes; per_page=${Math.max(1, index)} fits`,
      );
  }
  return list;
}

/** Whether somebody who accepts that reads the type (RFC 9110, section 12.5.1). */
export function isAcceptable(accept: string | undefined, mediaType: string): boolean {
  if (accept === undefined || accept === "") return true;
  const [type] = mediaType.split("/");
  return accept.split(",").some((range) => {
    const [name = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) return false;
    return name === "*/*" || name === `${type}/*` || name === mediaType;
  });
}

/** Refuses a caller who cannot read what the route answers. */
export function requireAcceptable(accept: string | undefined, mediaType: string): void {
  if (isAcceptable(accept, mediaType)) return;
  throw new PulseError("not-acceptable", `this answer is ${mediaType}, which is not among ${accept?.slice(0, 200)}`);
}
