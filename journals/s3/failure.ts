import type { S3ServiceException } from "@aws-sdk/client-s3";
import { PulseError } from "#core/errors.ts";

/** S3 answers it with 400 when it lost patience with a slow connection. */
const TOO_SLOW = "RequestTimeout";

/**
 * The failure in our words if it may pass: no answer came (an error of the call itself has metadata, but no status), or
 * the fault is theirs, `SlowDown` (503) included. Anything else comes back untouched.
 */
export function toFailure(error: unknown): unknown {
  const { name = "", $metadata } = error as Partial<S3ServiceException>;
  if ($metadata === undefined) return error;
  const { httpStatusCode } = $metadata;
  if (httpStatusCode !== undefined && httpStatusCode < 500 && name !== TOO_SLOW) return error;
  return new PulseError("unavailable", `S3 cannot be used right now (${name})`, { cause: error });
}
