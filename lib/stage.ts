import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { StreamMode } from "aws-cdk-lib/aws-kinesis";
import { RetentionDays } from "aws-cdk-lib/aws-logs";

/** What one stage is given, where stages differ. */
export interface StageSettings {
  /** What becomes of the index and the keys when their stack goes. The archive is kept in every stage. */
  readonly removalPolicy: RemovalPolicy;
  readonly logRetention: RetentionDays;
  /** How long the journal holds an event. A consumer that was down for longer needs the archive. */
  readonly journalRetention: Duration;
  readonly journalMode: StreamMode;
  readonly domain: DomainSize;
  /** What the API answers per second, all callers together; twice as many in a burst. */
  readonly requestsPerSecond: number;
  /** How many streams may be open at once: each holds an instance of its function for its lease. */
  readonly openStreams: number;
  /** How many batches of ten deliveries may be under way at once: a receiver that hangs holds one for 15 s. */
  readonly deliveriesAtOnce: number;
}

export interface DomainSize {
  readonly dataNodes: number;
  /** Graviton; there is no burstable one among OpenSearch's. */
  readonly dataNodeInstanceType: string;
  readonly volumeGib: number;
  /** @default - the data nodes manage the cluster */
  readonly managers?: { readonly nodes: number; readonly instanceType: string };
}

export type StageName = "dev" | "prod";

export const stages: Readonly<Record<StageName, StageSettings>> = {
  dev: {
    removalPolicy: RemovalPolicy.DESTROY,
    logRetention: RetentionDays.ONE_WEEK,
    journalRetention: Duration.days(1),
    journalMode: StreamMode.PROVISIONED,
    domain: { dataNodes: 1, dataNodeInstanceType: "m7g.medium.search", volumeGib: 20 },
    requestsPerSecond: 100,
    openStreams: 10,
    deliveriesAtOnce: 5,
  },
  prod: {
    removalPolicy: RemovalPolicy.RETAIN,
    logRetention: RetentionDays.THREE_MONTHS,
    journalRetention: Duration.days(7),
    journalMode: StreamMode.ON_DEMAND,
    domain: {
      dataNodes: 3,
      dataNodeInstanceType: "r7g.large.search",
      volumeGib: 100,
      managers: { nodes: 3, instanceType: "m7g.medium.search" },
    },
    requestsPerSecond: 1000,
    openStreams: 200,
    deliveriesAtOnce: 100,
  },
};
