import { Duration } from "aws-cdk-lib";
import { ComparisonOperator, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { RunbookAlarms } from "#lib/constructs/runbook-alarms.ts";
import type { WorkflowsStack } from "#lib/workflows-stack.ts";

/** Watches the workflows: that they are called, and that they measure. */
export function watchWorkflows(alarms: RunbookAlarms, { workflows, missedCalls }: WorkflowsStack): void {
  for (const fn of workflows) {
    const { id } = fn.node;
    alarms.add(`${id}Failing`, {
      page: "workflow-failing",
      says: `${fn.folder} fails: its views answer 404, and windows older than 15 minutes are not measured any more.`,
      metric: fn.metricErrors({ period: Duration.minutes(1) }),
      threshold: 1,
      // One call that fails is made up for by the next.
      periods: [4, 5],
    });
    alarms.add(`${id}Stopped`, {
      page: "workflow-stopped",
      says: `${fn.folder} is not called: nothing is measured.`,
      metric: fn.metricInvocations(),
      threshold: 1,
      when: ComparisonOperator.LESS_THAN_THRESHOLD,
      periods: [2, 2],
      silence: TreatMissingData.BREACHING,
    });
  }
  alarms.add("WorkflowCallsMissed", {
    page: "workflow-stopped",
    says: "Calls of workflows could not be made for five minutes and were put aside.",
    metric: missedCalls.metricNumberOfMessagesSent({ statistic: Stats.SUM }),
    threshold: 1,
    periods: [1, 1],
  });
}
