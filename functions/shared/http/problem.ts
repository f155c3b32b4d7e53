import type { ErrorKind, PulseError } from "#core/errors.ts";

export const STATUS: Record<ErrorKind, number> = {
  "invalid-input": 400,
  unauthenticated: 401,
  forbidden: 403,
  "not-found": 404,
  "method-not-allowed": 405,
  "not-acceptable": 406,
  conflict: 409,
  "precondition-failed": 412,
  "too-large": 413,
  "unsupported-media-type": 415,
  "key-reused": 422,
  overloaded: 429,
  unavailable: 503,
};

export const TITLE: Record<ErrorKind, string> = {
  "invalid-input": "The request is not valid",
  unauthenticated: "The caller is not known",
  forbidden: "The caller may not do this",
  "not-found": "There is nothing here",
  "method-not-allowed": "This path does not take this method",
  "not-acceptable": "The answer cannot have the form that was asked for",
  conflict: "The change does not go with what there is",
  "precondition-failed": "What the request asks for as a condition is not so",
  "too-large": "Too large",
  "unsupported-media-type": "The body has a form that is not taken here",
  "key-reused": "The idempotency key belongs to another body",
  overloaded: "Too much at once",
  unavailable: "Not possible right now",
};

export const INTERNAL_TITLE = "Pulse failed";

/** Stable names of problems; nothing needs to be served there (RFC 9457, section 3.1.1). */
const TYPE_PREFIX = "urn:pulse:problem:";

/** RFC 9457, with `message` (= `detail`) for Vamp's clients. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The request's id, as it stands in the log. */
  readonly instance?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
  readonly message: string;
}

export const statusOf = (error: PulseError): number => STATUS[error.kind];

export function toProblem(error: PulseError, requestId?: string): Problem {
  return {
    type: TYPE_PREFIX + error.kind,
    title: TITLE[error.kind],
    status: STATUS[error.kind],
    detail: error.message,
    ...(requestId === undefined ? {} : { instance: `urn:uuid:${requestId}` }),
    ...(error.faults.length === 0 ? {} : { errors: error.faults }),
    message: error.message,
  };
}

/** What a caller learns of a bug: that there was one, and under which id it stands in the log. */
export const internalProblem = (requestId: string): Problem => ({
  type: `${TYPE_PREFIX}internal`,
  title: INTERNAL_TITLE,
  status: 500,
  detail: "An internal error; it has been logged under the request's id",
  instance: `urn:uuid:${requestId}`,
  message: "An internal error; it has been logged under the request's id",
});
