import { describe, expect, test } from "@jest/globals";
import { Match } from "aws-cdk-lib/assertions";
import { deployment, resourcesOf } from "#test/lib/deployment.ts";

const { journal } = deployment();
const { journal: prod } = deployment({ stageName: "prod" });

describe("the events stream", () => {
  test("is encrypted", () => {
    journal.hasResourceProperties("AWS::Kinesis::Stream", { StreamEncryption: { EncryptionType: "KMS" } });
  });

  test("is held for seven days in prod, and kept when its stack goes", () => {
    prod.hasResource("AWS::Kinesis::Stream", {
      DeletionPolicy: "Retain",
      Properties: Match.objectLike({ RetentionPeriodHours: 7 * 24 }),
    });
  });
});

describe("the archive", () => {
  test("is delivered from the stream as gzip files by stream and hour of arrival, failures apart", () => {
    const [stream] = Object.keys(resourcesOf(journal, "AWS::Kinesis::Stream"));

    journal.hasResourceProperties("AWS::KinesisFirehose::DeliveryStream", {
      DeliveryStreamType: "KinesisStreamAsSource",
      KinesisStreamSourceConfiguration: { KinesisStreamARN: { "Fn::GetAtt": [stream, "Arn"] } },
      ExtendedS3DestinationConfiguration: {
        CompressionFormat: "GZIP",
        Prefix: "events/!{timestamp:yyyy/MM/dd/HH}/",
        ErrorOutputPrefix: Match.stringLikeRegexp("^errors/events/!\\{firehose:error-output-type\\}/"),
      },
    });
  });

  test("moves to colder storage after 90 days, and nothing of it is ever deleted", () => {
    const rules = Object.values(resourcesOf(journal, "AWS::S3::Bucket")).flatMap(
      ({ Properties }) => (Properties.LifecycleConfiguration as { Rules: object[] } | undefined)?.Rules ?? [],
    );

    expect(rules).toEqual([{ Status: "Enabled", Transitions: [{ StorageClass: "GLACIER_IR", TransitionInDays: 90 }] }]);
  });

  test.each([
    ["dev", journal],
    ["prod", prod],
  ])("and the dead letters are private, encrypted, versioned and kept in %s when their stack goes", (_, template) => {
    for (const bucket of Object.values(resourcesOf(template, "AWS::S3::Bucket"))) {
      expect(bucket.DeletionPolicy).toBe("Retain");
      expect(bucket.Properties).toMatchObject({
        VersioningConfiguration: { Status: "Enabled" },
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
        BucketEncryption: expect.anything(),
      });
    }
    template.hasOutput("ArchiveBucket", {});
    template.hasOutput("DeadLettersBucket", {});
  });
});
