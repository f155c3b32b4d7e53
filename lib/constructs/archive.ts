import { Duration, RemovalPolicy, Size, Validations } from "aws-cdk-lib";
import type { IStream } from "aws-cdk-lib/aws-kinesis";
import {
  Compression,
  DeliveryStream,
  EnableLogging,
  KinesisStreamSource,
  S3Bucket,
} from "aws-cdk-lib/aws-kinesisfirehose";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { type IBucket, StorageClass } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { type ArchivedStream, ERRORS_FOLDER } from "#core/events/records/archive-layout.ts";
import { acknowledgeWildcard } from "#lib/constructs/acknowledge-wildcard.ts";
import { privateBucket } from "#lib/constructs/private-bucket.ts";
import type { StageSettings } from "#lib/stage.ts";

export interface ArchiveProps {
  readonly stage: StageSettings;
}

/** Everything the journal ever held, as files by stream and hour of arrival. What is replayed comes from here. */
export class Archive extends Construct {
  readonly bucket: IBucket;
  /** What delivers each stream, by the stream's name. */
  readonly deliveries = new Map<string, DeliveryStream>();
  private readonly stage: StageSettings;

  constructor(scope: Construct, id: string, { stage }: ArchiveProps) {
    super(scope, id);
    this.stage = stage;
    this.bucket = privateBucket(this, "Bucket", [
      { transitions: [{ storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: Duration.days(90) }] },
    ]);
  }

  /**
   * Delivers all of a stream under `<name>/`, within a minute. Each file is gzip, be it of text or of records that are.
   */
  keep(name: ArchivedStream, stream: IStream, records: "text" | "gzip" = "text"): void {
    const logGroup = new LogGroup(this, `${name}Log`, {
      retention: this.stage.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const delivery = new DeliveryStream(this, `${name}Delivery`, {
      source: new KinesisStreamSource(stream),
      destination: new S3Bucket(this.bucket, {
        dataOutputPrefix: `${name}/!{timestamp:yyyy/MM/dd/HH}/`,
        errorOutputPrefix: `${ERRORS_FOLDER}${name}/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/`,
        fileExtension: ".ndjson.gz",
        // Members of gzip one behind the other are gzip.
        compression: records === "gzip" ? Compression.UNCOMPRESSED : Compression.GZIP,
        bufferingInterval: Duration.minutes(1),
        bufferingSize: Size.mebibytes(64),
        loggingConfig: new EnableLogging(logGroup),
      }),
    });
    this.deliveries.set(name, delivery);
    Validations.of(delivery).acknowledge({
      id: "AwsSolutions-KDF1",
      reason: "Its source is a stream, which is encrypted; Firehose encrypts only what is put directly.",
    });
    acknowledgeWildcard(delivery, this.bucket.bucketArn, "/*", "The files of the one bucket it fills.");
    for (const actions of ["Abort", "DeleteObject", "GetBucket", "GetObject", "List"])
      Validations.of(delivery).acknowledge({
        id: `AwsSolutions-IAM5[Action::s3:${actions}*]`,
        reason: "What CDK grants a delivery stream, on the one bucket it fills.",
      });
  }
}
