import type { KinesisServiceException } from "@aws-sdk/client-kinesis";

/** Kinesis answers these with 400, though nothing is wrong with the call. */
const BUSY = new Set([
  "KMSThrottlingException",
  "LimitExceededException",
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
]);

/**
 * Whether the same call may succeed later: no answer came (an error of the call itself has metadata, but no status),
 * the stream is busy, or the fault is theirs. What else fails, the deployment or this code must mend.
 */
export function mayPass(error: unknown): boolean {
  const { name = "", $metadata } = error as Partial<KinesisServiceException>;
  if ($metadata === undefined) return false;
  const { httpStatusCode } = $metadata;
  return httpStatusCode === undefined || httpStatusCode >= 500 || BUSY.has(name);
}
