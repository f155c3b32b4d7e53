import { MathExpression, Stats } from "aws-cdk-lib/aws-cloudwatch";
import { consumerMetric } from "#lib/constructs/consumer-alarms.ts";
import type { JournalConsumer } from "#lib/constructs/journal-consumer.ts";
import type { RunbookAlarms } from "#lib/constructs/runbook-alarms.ts";

const UNPARSED_PERCENT = 1;
/** Below it a scanner's broken requests would be a high percentage of a quiet night. */
const UNPARSED_LINES = 20;

/** Watches that the log lines of gateways can be read: those that cannot are kept, but in no figure of a gateway. */
export function watchLogLines(alarms: RunbookAlarms, consumer: JournalConsumer): void {
  const lines = consumerMetric(consumer, "LogLines", Stats.SUM);
  const unparsed = consumerMetric(consumer, "LinesUnparsed", Stats.SUM);
  alarms.add("LinesUnparsed", {
    page: "lines-unparsed",
    says: `${UNPARSED_PERCENT} % of the gateways' log lines or more are in no format that is known.`,
    metric: new MathExpression({
      expression: `IF(FILL(unparsed, 0) >= ${UNPARSED_LINES}, 100 * unparsed / lines, 0)`,
      usingMetrics: { unparsed, lines },
      label: "unparsed, percent",
    }),
    threshold: UNPARSED_PERCENT,
    // A gateway that was given another log-format stays so.
    periods: [3, 3],
  });
}
