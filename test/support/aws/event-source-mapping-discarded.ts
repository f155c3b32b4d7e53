import { randomUUID } from "node:crypto";
import type { KinesisStreamRecord } from "aws-lambda";

/** A part of a shard that the function will not see again. */
export interface Discarded {
  readonly records: readonly KinesisStreamRecord[];
  readonly shardId: string;
  readonly condition: "RetryAttemptsExhausted" | "RecordAgeExceeded";
  /** How often the function was invoked with them. */
  readonly invocations: number;
  /** The last of these invocations threw. */
  readonly threw: boolean;
}

/** A file in the bucket of a mapping's on-failure destination. */
export interface DestinationFile {
  readonly key: string;
  readonly body: string;
}

/**
 * The file that Lambda leaves in an S3 destination: what was discarded and why, with the batch itself as `payload`.
 * https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export function toDestinationFile(
  { records, shardId, condition, invocations, threw }: Discarded,
  { mappingId, nowMs }: { readonly mappingId: string; readonly nowMs: number },
): DestinationFile {
  const timestamp = new Date(nowMs).toISOString();
  const first = records[0] as KinesisStreamRecord;
  const last = records.at(-1) as KinesisStreamRecord;
  const [date = ""] = timestamp.split("T");
  const second = timestamp.slice(0, "yyyy-mm-ddThh:mm:ss".length).replaceAll(":", ".");
  return {
    key: `aws/lambda/${mappingId}/${shardId}/${date.replaceAll("-", "/")}/${second}-${randomUUID()}`,
    body: JSON.stringify({
      requestContext: {
        requestId: randomUUID(),
        functionArn: "arn:aws:lambda:eu-central-1:000000000000:function:consumer",
        condition,
        approximateInvokeCount: invocations,
      },
      responseContext:
        invocations === 0
          ? null
          : { statusCode: 200, executedVersion: "$LATEST", ...(threw && { functionError: "Unhandled" }) },
      version: "1.0",
      timestamp,
      KinesisBatchInfo: {
        shardId,
        startSequenceNumber: first.kinesis.sequenceNumber,
        endSequenceNumber: last.kinesis.sequenceNumber,
        approximateArrivalOfFirstRecord: arrivalOf(first),
        approximateArrivalOfLastRecord: arrivalOf(last),
        batchSize: records.length,
        streamArn: first.eventSourceARN,
      },
      payload: JSON.stringify({ Records: records }),
    }),
  };
}

const arrivalOf = ({ kinesis }: KinesisStreamRecord): string =>
  new Date(kinesis.approximateArrivalTimestamp * 1000).toISOString();
