import { Duration } from "aws-cdk-lib";
import { type Metric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { IStream } from "aws-cdk-lib/aws-kinesis";
import type { IDeliveryStream } from "aws-cdk-lib/aws-kinesisfirehose";
import type { RunbookAlarms } from "#lib/constructs/runbook-alarms.ts";

/** Firehose writes a file each minute; a quarter of an hour is fifteen tries, and far below the stream's retention. */
const ARCHIVE_LATE = Duration.minutes(15);

/** How old the oldest record is that is not in the archive yet. */
export const archiveAgeMetric = (delivery: IDeliveryStream): Metric =>
  delivery.metric("DeliveryToS3.DataFreshness", { statistic: Stats.MAXIMUM, period: Duration.minutes(5) });

/** Watches that the journal takes what is written, and that the archive gets it. */
export function watchJournal(
  alarms: RunbookAlarms,
  journal: IStream,
  deliveries: ReadonlyMap<string, IDeliveryStream>,
): void {
  alarms.add("JournalThrottled", {
    page: "journal-throttled",
    says: "The stream takes less than is written: events are created late, or refused with 503.",
    metric: journal.metricWriteProvisionedThroughputExceeded({
      statistic: Stats.SUM,
      period: Duration.minutes(1),
    }),
    threshold: 1,
    // Retries carry a burst over a few seconds; minutes on end are more than the shards hold.
    periods: [5, 5],
  });
  for (const [name, delivery] of deliveries) {
    alarms.add(`ArchiveBehind-${name}`, {
      page: "archive-behind",
      says: `What ${name} holds has not been archived for ${ARCHIVE_LATE.toMinutes()} minutes.`,
      metric: archiveAgeMetric(delivery),
      threshold: ARCHIVE_LATE.toSeconds(),
      periods: [3, 3],
    });
  }
}
