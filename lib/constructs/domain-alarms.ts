import { Duration } from "aws-cdk-lib";
import { ComparisonOperator, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { IDomain } from "aws-cdk-lib/aws-opensearchservice";
import type { RunbookAlarms } from "#lib/constructs/runbook-alarms.ts";
import type { DomainSize } from "#lib/stage.ts";

const ONE_MINUTE = Duration.minutes(1);

/** The service blocks writes when a node has less than a fifth of its volume left: this comes before. */
const LITTLE_SPACE = 0.25;

/** Watches the OpenSearch domain: that it can be read and written, and will be tomorrow. */
export function watchDomain(alarms: RunbookAlarms, domain: IDomain, { volumeGib }: DomainSize): void {
  alarms.add("StoreRed", {
    page: "store-red",
    says: "A primary shard is missing: some events can be neither read nor written.",
    metric: domain.metricClusterStatusRed({ statistic: Stats.MAXIMUM, period: ONE_MINUTE }),
    threshold: 1,
    // A new index is red until its first shard has started, which a minute's sample may meet once.
    periods: [3, 3],
    // The domain reports every minute; one that does not is no better than a red one.
    silence: TreatMissingData.BREACHING,
  });
  alarms.add("StoreYellow", {
    page: "store-yellow",
    says: "Replicas have been missing for half an hour: the loss of one more node would lose data.",
    metric: domain.metricClusterStatusYellow({ statistic: Stats.MINIMUM }),
    threshold: 1,
    // A node that is replaced, and every update of the domain, makes it yellow for minutes.
    periods: [6, 6],
  });
  alarms.add("StoreSpace", {
    page: "store-space",
    says: `A node has less than ${100 * LITTLE_SPACE} % of its volume left: below 20 % the service refuses writes.`,
    metric: domain.metricFreeStorageSpace({ statistic: Stats.MINIMUM }),
    when: ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
    // In MiB.
    threshold: LITTLE_SPACE * volumeGib * 1024,
    // Merges take space for minutes and give it back.
    periods: [3, 3],
  });
  alarms.add("StoreWritesBlocked", {
    page: "store-writes-blocked",
    says: "The domain refuses every write, for want of space or memory.",
    metric: domain.metricClusterIndexWritesBlocked({ statistic: Stats.MAXIMUM }),
    threshold: 1,
    periods: [1, 1],
  });
  alarms.add("StoreMemory", {
    page: "store-memory",
    says: "The heap of a node is nearly full: above 92 % for half an hour the service refuses writes.",
    metric: domain.metricJVMMemoryPressure({ statistic: Stats.MAXIMUM }),
    threshold: 92,
    // The collector clears peaks; four periods are well before the block.
    periods: [4, 4],
  });
  alarms.add("StoreSnapshot", {
    page: "store-snapshot",
    says: "The hourly snapshot of the domain failed.",
    metric: domain.metricAutomatedSnapshotFailure({ statistic: Stats.MAXIMUM, period: Duration.hours(1) }),
    threshold: 1,
    // One is made up for by the next.
    periods: [2, 2],
  });
}
