import { MathExpression, Stats } from "aws-cdk-lib/aws-cloudwatch";
import { ownMetric } from "#lib/constructs/consumer-alarms.ts";
import type { JournalConsumer } from "#lib/constructs/journal-consumer.ts";
import type { PulseFunction } from "#lib/constructs/pulse-function.ts";
import type { RunbookAlarms } from "#lib/constructs/runbook-alarms.ts";

const UNPARSED_PERCENT = 1;
/** Below it a scanner's broken requests would be a high percentage of a quiet night. */
const UNPARSED_LINES = 20;

const LATE_PERCENT = 1;
const LATE_LINES = 20;

/**
 * Watches that the log lines of gateways are in figures of them: those that cannot
 * be read, or come too late, are only kept.
 */
export function watchLogLines(alarms: RunbookAlarms, consumer: JournalConsumer, measureMetrics: PulseFunction): void {
  const lines = ownMetric(consumer, "LogLines", Stats.SUM);
  const unparsed = ownMetric(consumer, "LinesUnparsed", Stats.SUM);
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
  const late = ownMetric({ fn: measureMetrics }, "LinesLate", Stats.SUM);
  alarms.add("LinesLate", {
    page: "lines-late",
    says: `${LATE_PERCENT} % of the gateways' log lines or more come too late to be in any figure.`,
    metric: new MathExpression({
      expression: `IF(FILL(late, 0) >= ${LATE_LINES}, 100 * late / (late + FILL(lines, 0)), 0)`,
      usingMetrics: { late, lines },
      label: "late, percent",
    }),
    threshold: LATE_PERCENT,
    // What a single agent had spooled is delivered within minutes, as a rule.
    periods: [3, 3],
  });
}
