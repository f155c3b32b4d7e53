import { errors } from "@opensearch-project/opensearch";
import { type ErrorKind, PulseError } from "#core/errors.ts";

/** What OpenSearch says went wrong, as it stands in a response's `error` or in that of one item of a bulk. */
export interface OpenSearchFault {
  readonly type: string;
  readonly reason?: string;
  readonly caused_by?: OpenSearchFault;
}

const KIND_OF_STATUS: Readonly<Record<number, ErrorKind>> = {
  // Our own rights or a blocked index: the caller of Pulse did nothing wrong, and an operator can put it right.
  401: "unavailable",
  403: "unavailable",
  413: "too-large",
  429: "overloaded",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

const RETRY_AFTER_SECONDS = 1;

/**
 * The failure in our words, if it is one that can be expected of a store; anything else comes back untouched. Callers
 * read them, so accounts, roles and hosts stay with the cause.
 */
export function toFailure(error: unknown): unknown {
  if (error instanceof errors.ResponseError) {
    const fault = faultOf(error.body);
    // OpenSearch answers this with 503, as if a retry could help.
    if (hasCause(fault, "too_many_buckets_exception"))
      return new PulseError("invalid-input", "the answer would have too many buckets; ask for fewer or longer ones", {
        cause: error,
      });
    const kind = KIND_OF_STATUS[error.statusCode];
    const type = fault?.type ?? "no reason given";
    return kind === undefined ? error : failure(kind, `answered ${error.statusCode} (${type})`, error);
  }
  if (
    error instanceof errors.ConnectionError ||
    error instanceof errors.TimeoutError ||
    error instanceof errors.NoLivingConnectionsError ||
    error instanceof errors.RequestAbortedError
  )
    return failure("unavailable", `cannot be reached (${error.name})`, error);
  return error;
}

export const failure = (kind: ErrorKind, what: string, cause?: unknown): PulseError =>
  new PulseError(kind, `OpenSearch ${what}`, { retryAfterSeconds: RETRY_AFTER_SECONDS, cause });

/** Whether a retry of the same request may help. */
export const mayPass = (error: unknown): error is PulseError =>
  error instanceof PulseError && (error.kind === "overloaded" || error.kind === "unavailable");

/** The innermost cause is the one that names the field or the limit. */
export function describeFault(fault: OpenSearchFault | undefined): string {
  if (fault === undefined) return "no reason given";
  const own = `${fault.type}: ${fault.reason ?? "no reason given"}`;
  return fault.caused_by === undefined ? own : `${own} (${describeFault(fault.caused_by)})`;
}

function faultOf(body: unknown): OpenSearchFault | undefined {
  const fault = (body as { error?: OpenSearchFault } | null)?.error;
  return typeof fault === "object" ? fault : undefined;
}

const hasCause = (fault: OpenSearchFault | undefined, type: string): boolean =>
  fault !== undefined && (fault.type === type || hasCause(fault.caused_by, type));
