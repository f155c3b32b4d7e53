import { Duration } from "aws-cdk-lib";
import type { PulseFunction } from "#lib/constructs/pulse-function.ts";
import type { RunbookAlarms } from "#lib/constructs/runbook-alarms.ts";

/** Watches that the dashboards follow the gateways. */
export const watchDashboards = (alarms: RunbookAlarms, fn: PulseFunction): void =>
  alarms.add("DashboardsNotUpdated", {
    page: "dashboards-not-updated",
    says: `${fn.folder} fails: new gateways get no dashboard, and those that went keep theirs.`,
    metric: fn.metricErrors({ period: Duration.hours(1) }),
    threshold: 1,
    // A domain that is being updated may be away for an hour.
    periods: [3, 3],
  });
