import { describe, expect, test } from "@jest/globals";
import { Match, type Template } from "aws-cdk-lib/assertions";
import { deployment, resourcesOf } from "#test/lib/deployment.ts";

const { journal } = deployment();
const { journal: prod } = deployment({ stageName: "prod" });

/** The streams by their names in the stack. */
const streamsOf = (template: Template) =>
  ["Events", "HaproxyLogs"].map((name) => {
    const found = Object.entries(resourcesOf(template, "AWS::Kinesis::Stream")).find(([id]) => id.startsWith(name));
    if (found === undefined) throw new Error(`there is no stream ${name}`);
    const [logicalId, stream] = found;
    return { name, logicalId, stream };
  });

describe.each(streamsOf(prod))("the stream $name", ({ stream }) => {
  test("is encrypted", () => {
    expect(stream.Properties.StreamEncryption).toMatchObject({ EncryptionType: "KMS" });
  });

  test("is held for seven days in prod, and kept when its stack goes", () => {
    expect(stream.Properties.RetentionPeriodHours).toBe(7 * 24);
    expect(stream.DeletionPolicy).toBe("Retain");
  });
});

describe("the host of a gateway", () => {
  test("may write to the stream of log lines, and nothing else", () => {
    const [, { logicalId }] = streamsOf(journal) as [unknown, { logicalId: string }];

    journal.hasResourceProperties("AWS::IAM::ManagedPolicy", {
      PolicyDocument: {
        Statement: [{ Effect: "Allow", Action: "kinesis:PutRecords", Resource: { "Fn::GetAtt": [logicalId, "Arn"] } }],
      },
    });
    journal.hasOutput("GatewayHostPolicy", {});
    journal.hasOutput("HaproxyLogsStream", { Value: { Ref: logicalId } });
  });
});

const lifecycleRules = Object.values(resourcesOf(journal, "AWS::S3::Bucket")).flatMap(
  ({ Properties }) => (Properties.LifecycleConfiguration as { Rules: object[] } | undefined)?.Rules ?? [],
);

describe("the archive", () => {
  test.each([
    ["Events", "events", "GZIP"],
    // Its records are members of gzip already.
    ["HaproxyLogs", "haproxy-logs", "UNCOMPRESSED"],
  ])("has the stream %s as gzip files by hour of arrival under %s/, failures apart", (name, prefix, compression) => {
    const source = streamsOf(journal).find((stream) => stream.name === name)?.logicalId;

    journal.hasResourceProperties("AWS::KinesisFirehose::DeliveryStream", {
      DeliveryStreamType: "KinesisStreamAsSource",
      KinesisStreamSourceConfiguration: { KinesisStreamARN: { "Fn::GetAtt": [source, "Arn"] } },
      ExtendedS3DestinationConfiguration: {
        CompressionFormat: compression,
        FileExtension: ".ndjson.gz",
        Prefix: `${prefix}/!{timestamp:yyyy/MM/dd/HH}/`,
        ErrorOutputPrefix: Match.stringLikeRegexp(`^errors/${prefix}/!\\{firehose:error-output-type\\}/`),
      },
    });
  });

  test("moves to colder storage after 90 days, and nothing of it is ever deleted", () => {
    const colder = { Transitions: [{ StorageClass: "GLACIER_IR", TransitionInDays: 90 }] };

    expect(lifecycleRules.filter((rule) => "Transitions" in rule)).toEqual([{ Status: "Enabled", ...colder }]);
    expect(lifecycleRules.filter((rule) => "ExpirationInDays" in rule || "ExpirationDate" in rule)).toEqual([]);
  });

  test("and the dead letters let go of what was deleted after 30 days, and of unfinished uploads after 7", () => {
    for (const rule of [
      { NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
      { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
    ])
      expect(lifecycleRules.filter((other) => (Object.keys(rule)[0] as string) in other)).toEqual([
        expect.objectContaining(rule),
        expect.objectContaining(rule),
      ]);
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
