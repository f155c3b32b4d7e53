import type { SQSServiceException } from "@aws-sdk/client-sqs";
import { PulseError } from "#core/errors.ts";

/** SQS answers these with 400 or 403, though nothing is wrong with the call. */
const BUSY = new Set(["RequestThrottled", "ThrottlingException", "KmsThrottled", "OverLimit"]);

/**
 * The failure in our words if it may pass: no answer came (an error of the call itself has metadata, but no status),
 * the queue is busy, or the fault is theirs. Anything else comes back untouched.
 */
export function toFailure(error: unknown): unknown {
  const { name = "", $metadata } = error as Partial<SQSServiceException>;
  if ($metadata === undefined) return error;
  const { httpStatusCode } = $metadata;
  if (httpStatusCode !== undefined && httpStatusCode < 500 && !BUSY.has(name)) return error;
  return new PulseError("unavailable", `SQS cannot be used right now (${name})`, { cause: error });
}
