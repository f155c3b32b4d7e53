import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket, type LifecycleRule } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";

/** What was deleted can be had back for so long; then it is paid for no more. So it is with uploads that nobody ended. */
const CLEARED: readonly LifecycleRule[] = [
  { noncurrentVersionExpiration: Duration.days(30), expiredObjectDeleteMarker: true },
  { abortIncompleteMultipartUploadAfter: Duration.days(7) },
];

/** A bucket for what must not be lost: private, encrypted, versioned, and kept in every stage when its stack goes. */
export function privateBucket(scope: Construct, id: string, lifecycleRules: LifecycleRule[] = []): IBucket {
  const bucket = new Bucket(scope, id, {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    versioned: true,
    removalPolicy: RemovalPolicy.RETAIN,
    lifecycleRules: [...lifecycleRules, ...CLEARED],
  });
  Validations.of(bucket).acknowledge({
    id: "AwsSolutions-S1",
    reason: "CloudTrail's data events tell who read or wrote which object, for the accounts that want it.",
  });
  // CDK declares an optional member of its own interface so that exactOptionalPropertyTypes refuses the class.
  return bucket as IBucket;
}
