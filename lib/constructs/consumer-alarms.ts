import { Duration } from "aws-cdk-lib";
import { type IMetric, MathExpression, Metric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import { METRIC_NAMESPACE, type PulseMetric } from "#functions/shared/metrics.ts";
import type { JournalConsumer, StreamFollower } from "#lib/constructs/journal-consumer.ts";
import type { RunbookAlarms } from "#lib/constructs/runbook-alarms.ts";
import { sumOfMetrics } from "#lib/constructs/sum-of-metrics.ts";

const ONE_MINUTE = Duration.minutes(1);

/**
 * Two seconds are usual, so this is no hiccup; and the journal holds a record for
 * a day at least, so there is time to act.
 */
const LATE = Duration.minutes(5);

/** A figure that the consumer, or another function, counts itself. */
export const ownMetric = ({ fn }: Pick<StreamFollower, "fn">, metricName: PulseMetric, statistic: string): Metric =>
  new Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { FunctionName: fn.functionName },
    statistic,
    label: fn.folder,
  });

/** What Lambda counts of the events it could not hand to the function. */
const mappingMetric = ({ mappingId }: StreamFollower, metricName: string): Metric =>
  new Metric({
    namespace: "AWS/Lambda",
    metricName,
    dimensionsMap: { EventSourceMappingUUID: mappingId },
    statistic: Stats.SUM,
  });

/** Dead letters of both kinds: what the function put aside, and batches that Lambda gave up and put aside. */
export const deadLettersMetric = (consumer: StreamFollower): IMetric =>
  sumOfMetrics(
    [ownMetric(consumer, "DeadLetters", Stats.SUM), mappingMetric(consumer, "OnFailureDestinationDeliveredEventCount")],
    consumer.fn.folder,
  );

/** Watches one consumer of the journal: that it runs, keeps up, and puts nothing aside. */
export function watchConsumer(
  alarms: RunbookAlarms,
  consumer: JournalConsumer,
  whenLate = "new events cannot be read yet",
): void {
  const { fn, stream } = consumer;
  const { id } = fn.node;
  watchFollower(alarms, consumer, {
    behind: { page: "consumer-behind", says: `the journal: ${whenLate}.` },
    loss: { page: "events-given-up", says: "Events were given up", left: "the archive has them." },
  });
  alarms.add(`${id}Stopped`, {
    page: "consumer-stopped",
    says: `Records arrive in the journal, and ${fn.folder} is not called: it would not even be seen to be behind.`,
    metric: new MathExpression({
      expression: "IF(FILL(arrived, 0) > 0 AND FILL(calls, 0) < 1, 1, 0)",
      usingMetrics: {
        arrived: stream.metricIncomingRecords({ statistic: Stats.SUM }),
        calls: fn.metricInvocations(),
      },
    }),
    threshold: 1,
    // A record that came at the very end of a period is read in the next one.
    periods: [2, 2],
  });
}

/** How it is told that a follower is late, or that what it follows was given up. */
interface FollowerWords {
  readonly behind: { readonly page: string; readonly says: string };
  readonly loss: { readonly page: string; readonly says: string; readonly left: string };
}

/** Watches what publishes the changes of artifacts. */
export const watchChanges = (alarms: RunbookAlarms, follower: StreamFollower): void =>
  watchFollower(alarms, follower, {
    behind: { page: "changes-unpublished", says: "the artifacts: their changes are not events yet." },
    loss: { page: "changes-unpublished", says: "Changes were given up", left: "the artifacts are as they were put." },
  });

function watchFollower(alarms: RunbookAlarms, follower: StreamFollower, { behind, loss }: FollowerWords): void {
  const { fn } = follower;
  const { id } = fn.node;
  alarms.add(`${id}Behind`, {
    page: behind.page,
    says: `${fn.folder} is more than ${LATE.toMinutes()} minutes behind ${behind.says}`,
    metric: fn.metric("IteratorAge", { statistic: Stats.MAXIMUM, period: ONE_MINUTE }),
    threshold: LATE.toMilliseconds(),
    periods: [3, 5],
  });
  alarms.add(`${id}Failing`, {
    page: "consumer-failing",
    says: `${fn.folder} throws or times out: a store that is down would be waited for, so this is a bug or a limit.`,
    metric: fn.metricErrors({ period: ONE_MINUTE }),
    threshold: 1,
    // One may be an instance that was lost; what is wrong with a batch fails it again and again.
    periods: [3, 5],
  });
  alarms.add(`${id}DeadLetters`, {
    page: "dead-letters",
    says: `${fn.folder} put events aside that could not be kept.`,
    metric: deadLettersMetric(follower),
    // Each is an event that somebody was promised.
    threshold: 1,
    periods: [1, 1],
  });
  alarms.add(`${id}Loss`, {
    page: loss.page,
    says: `${loss.says} before ${fn.folder} took them, and are in no dead-letter place: ${loss.left}`,
    metric: sumOfMetrics(
      [
        mappingMetric(follower, "DroppedEventCount"),
        fn.metric("DestinationDeliveryFailures", { statistic: Stats.SUM }),
      ],
      fn.folder,
    ),
    threshold: 1,
    periods: [1, 1],
  });
}
