import { Duration, Stack } from "aws-cdk-lib";
import { Grant } from "aws-cdk-lib/aws-iam";
import type { IStream } from "aws-cdk-lib/aws-kinesis";
import { MetricType, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { KinesisEventSource, type StreamEventSourceProps } from "aws-cdk-lib/aws-lambda-event-sources";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import { acknowledgeWildcard } from "#lib/constructs/acknowledge-wildcard.ts";
import type { PulseFunction } from "#lib/constructs/pulse-function.ts";

/** A function that follows a stream, and the event source mapping that feeds it. */
export interface StreamFollower {
  readonly fn: PulseFunction;
  readonly mappingId: string;
}

/** One that follows a stream of the journal. */
export interface JournalConsumer extends StreamFollower {
  readonly stream: IStream;
}

export interface FollowedStream extends HeldRecords {
  readonly stream: IStream;
}

interface HeldRecords {
  /** How long the stream holds a record. */
  readonly retention: Duration;
  /** For what the function cannot keep, and for what it never got. */
  readonly deadLetters: IBucket;
}

/** A consumer gives up on a record before the stream forgets it, so that it reaches the on-failure place. */
const MARGIN = Duration.hours(1);

/**
 * Feeds a function all that a stream holds, shard by shard in order, until it has
 * taken it or the stream is about to forget.
 */
export function followStream(fn: PulseFunction, { stream, retention, deadLetters }: FollowedStream): JournalConsumer {
  grantPutAside(fn, deadLetters);
  const source = new KinesisEventSource(stream, untilTaken({ retention, deadLetters }));
  fn.addEventSource(source);
  return { stream, fn, mappingId: source.eventSourceMappingId };
}

/** From the oldest record on, each until the function has taken it, or the stream is about to forget it. */
export const untilTaken = ({ retention, deadLetters }: HeldRecords): StreamEventSourceProps => ({
  startingPosition: StartingPosition.TRIM_HORIZON,
  batchSize: 100,
  // A checkpoint says "all up to here": only one batch of a shard may be under way.
  parallelizationFactor: 1,
  retryAttempts: -1,
  maxRecordAge: retention.minus(MARGIN),
  bisectBatchOnError: true,
  reportBatchItemFailures: true,
  // CDK's own destination would let the function read and delete too.
  onFailure: { bind: () => ({ destination: deadLetters.bucketArn }) },
  // Counts what Lambda gives up by itself, which the function never sees.
  metricsConfig: { metrics: [MetricType.EVENT_COUNT] },
});

/** Lets a follower, and the mapping that feeds it, put aside what they cannot take. */
export function grantPutAside({ executionRole: grantee }: PulseFunction, deadLetters: IBucket): void {
  const { bucketArn } = deadLetters;
  Grant.addToPrincipal({ grantee, actions: ["s3:PutObject"], resourceArns: [deadLetters.arnForObjects("*")] });
  Grant.addToPrincipal({ grantee, actions: ["s3:ListBucket"], resourceArns: [bucketArn] });
  acknowledgeWildcard(
    grantee,
    Stack.of(deadLetters).exportValue(bucketArn),
    "/*",
    "It may put any file into the one bucket of dead letters, and read none.",
  );
}
