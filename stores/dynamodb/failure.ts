import type { DynamoDBServiceException } from "@aws-sdk/client-dynamodb";
import { PulseError } from "#core/errors.ts";

/** DynamoDB answers these with 400, though nothing is wrong with the call. */
const BUSY = new Set(["ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"]);

/**
 * The failure in our words if it may pass: no answer came (an error of the call itself has metadata, but no status),
 * the table is busy, or the fault is theirs. Anything else comes back untouched.
 */
export function toFailure(error: unknown): unknown {
  const { name = "", $metadata } = error as Partial<DynamoDBServiceException>;
  if ($metadata === undefined) return error;
  const { httpStatusCode } = $metadata;
  if (httpStatusCode !== undefined && httpStatusCode < 500 && !BUSY.has(name)) return error;
  return new PulseError("unavailable", `DynamoDB cannot be used right now (${name})`, { cause: error });
}
