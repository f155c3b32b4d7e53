import { Duration } from "aws-cdk-lib";
import { Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { RunbookAlarms } from "#lib/constructs/runbook-alarms.ts";

export interface WatchedTriggers {
  readonly deadDeliveries: IQueue;
  readonly deliverWebhooks: IFunction;
  readonly publishTicks: IFunction;
}

/** Watches what becomes of deliveries; that their events are followed is watched as of any consumer. */
export function watchTriggers(
  alarms: RunbookAlarms,
  { deadDeliveries, deliverWebhooks, publishTicks }: WatchedTriggers,
): void {
  alarms.add("DeadDeliveries", {
    page: "dead-deliveries",
    says: "Deliveries of triggers were given up: their receivers did not take them for a day, or are gone.",
    metric: deadDeliveries.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM }),
    threshold: 1,
    periods: [1, 1],
  });
  alarms.add("DeliveriesFailing", {
    page: "deliveries-failing",
    says: "deliver-webhooks throws or times out: a receiver that fails would be answered for, so this is a bug or a limit.",
    metric: deliverWebhooks.metricErrors({ period: Duration.minutes(1) }),
    threshold: 1,
    periods: [3, 5],
  });
  alarms.add("TicksFailing", {
    page: "ticks-failing",
    says: "publish-ticks fails: workflows with a period are not started.",
    metric: publishTicks.metricErrors({ period: Duration.minutes(1) }),
    threshold: 1,
    periods: [3, 5],
  });
}
