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

export interface WatchedJournal {
  readonly events: IStream;
  readonly haproxyLogs: IStream;
  /** What archives each stream, by the archive's name for it. */
  readonly deliveries: ReadonlyMap<string, IDeliveryStream>;
}

/** Watches that the journal takes what is written, and that the archive gets it. */
export function watchJournal(alarms: RunbookAlarms, { events, haproxyLogs, deliveries }: WatchedJournal): void {
  watchWrites(alarms, "JournalThrottled", events, "events, which are created late or refused with 503");
  watchWrites(alarms, "HaproxyLogsThrottled", haproxyLogs, "log lines, which wait in the spools of their gateways");
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

function watchWrites(alarms: RunbookAlarms, id: string, stream: IStream, held: string): void {
  alarms.add(id, {
    page: "journal-throttled",
    says: `More is written than the stream takes of ${held}.`,
    metric: stream.metricWriteProvisionedThroughputExceeded({
      statistic: Stats.SUM,
      period: Duration.minutes(1),
    }),
    threshold: 1,
    // Retries carry a burst over a few seconds; minutes on end are more than the shards hold.
    periods: [5, 5],
  });
}
