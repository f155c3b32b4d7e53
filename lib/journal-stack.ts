import { CfnOutput, type Duration, Stack, type StackProps, Validations } from "aws-cdk-lib";
import { Stream, StreamEncryption, StreamMode } from "aws-cdk-lib/aws-kinesis";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { Archive } from "#lib/constructs/archive.ts";
import { GatewayHostPolicy } from "#lib/constructs/gateway-host-policy.ts";
import { privateBucket } from "#lib/constructs/private-bucket.ts";
import type { StageSettings } from "#lib/stage.ts";

export interface JournalStackProps extends StackProps {
  readonly stage: StageSettings;
}

/**
 * Where an accepted event is first made durable, in order, and a gateway's log line; and where both are kept for good.
 */
export class JournalStack extends Stack {
  readonly events: Stream;
  /** Log lines of gateways, which become events behind it. */
  readonly haproxyLogs: Stream;
  /** For the roles of hosts that forward them. */
  readonly gatewayHosts: GatewayHostPolicy;
  /** How long a stream holds a record: a consumer must give up on it before. */
  readonly retention: Duration;
  readonly archive: Archive;
  /** What a consumer could not take, with the reason. */
  readonly deadLetters: IBucket;

  constructor(scope: Construct, id: string, props: JournalStackProps) {
    super(scope, id, { description: "Pulse: the journal of accepted events and its archive", ...props });
    this.retention = props.stage.journalRetention;
    this.events = journalStream(this, "Events", props.stage);
    this.haproxyLogs = journalStream(this, "HaproxyLogs", props.stage);
    this.gatewayHosts = new GatewayHostPolicy(this, "GatewayHosts", { stream: this.haproxyLogs });
    this.deadLetters = privateBucket(this, "DeadLetters");
    this.archive = new Archive(this, "Archive", { stage: props.stage });
    this.archive.keep("events", this.events);
    this.archive.keep("haproxy-logs", this.haproxyLogs, "gzip");
    Validations.of(this).acknowledge({
      id: "CloudFormation-Validate::W7001",
      reason: "Addresses that CDK lists for delivery streams of another kind.",
    });
    new CfnOutput(this, "EventsStream", { value: this.events.streamName });
    new CfnOutput(this, "HaproxyLogsStream", { value: this.haproxyLogs.streamName });
    new CfnOutput(this, "GatewayHostPolicy", { value: this.gatewayHosts.managedPolicyArn });
    new CfnOutput(this, "ArchiveBucket", { value: this.archive.bucket.bucketName });
    new CfnOutput(this, "DeadLettersBucket", { value: this.deadLetters.bucketName });
  }
}

const journalStream = (scope: Construct, id: string, stage: StageSettings): Stream =>
  new Stream(scope, id, {
    encryption: StreamEncryption.MANAGED,
    retentionPeriod: stage.journalRetention,
    removalPolicy: stage.removalPolicy,
    streamMode: stage.journalMode,
    ...(stage.journalMode === StreamMode.PROVISIONED && { shardCount: 1 }),
  });
