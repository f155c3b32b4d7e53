import { Duration } from "aws-cdk-lib";
import type { Stage } from "aws-cdk-lib/aws-apigateway";
import { type IMetric, MathExpression, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { HttpFunction } from "#functions/routes.ts";
import type { RunbookAlarms } from "#lib/constructs/runbook-alarms.ts";
import { sumOfMetrics } from "#lib/constructs/sum-of-metrics.ts";

const FAILED_PERCENT = 1;
/** Below it one failure would be a high percentage of few requests. */
const FAILED_REQUESTS = 5;

/** What share of an API's requests was answered with 5xx, in percent; 0 while there are a handful at most. */
const failedPercent = (failed: IMetric, requests: IMetric): MathExpression =>
  new MathExpression({
    expression: `IF(FILL(failed, 0) >= ${FAILED_REQUESTS}, 100 * failed / requests, 0)`,
    usingMetrics: { failed, requests },
    label: "answered 5xx, percent",
  });

export interface WatchedApi {
  readonly stage: Stage;
  readonly functions: Readonly<Record<HttpFunction, IFunction>>;
  /** What else needs instances of the account's concurrency. */
  readonly consumers: readonly IFunction[];
  /** How many streams may be open at once. */
  readonly openStreams: number;
}

/** Watches the way in: that requests are answered, and soon. */
export function watchApi(alarms: RunbookAlarms, api: WatchedApi): void {
  const { "stream-events": streamEvents, ...answering } = api.functions;
  alarms.add("ApiFailing", {
    page: "api-failing",
    says: `${FAILED_PERCENT} % of the API's requests or more are answered with 5xx.`,
    metric: failedPercent(api.stage.metricServerError({ statistic: Stats.SUM }), api.stage.metricCount()),
    threshold: FAILED_PERCENT,
    periods: [2, 3],
  });
  alarms.add("StreamUrlFailing", {
    page: "api-failing",
    says: `${FAILED_PERCENT} % of the requests to the URL that streams or more are answered with 5xx.`,
    metric: failedPercent(
      streamEvents.metric("Url5xxCount", { statistic: Stats.SUM }),
      streamEvents.metric("UrlRequestCount", { statistic: Stats.SUM }),
    ),
    threshold: FAILED_PERCENT,
    periods: [2, 3],
  });
  // A put takes 10 to 100 ms, and the journal is tried for 5 s: at 3 s every hundredth caller waits for retries.
  watchDuration(alarms, "CreateSlow", api.functions["create-events"], Duration.seconds(3));
  watchDuration(alarms, "LogsSlow", api.functions["receive-haproxy-logs"], Duration.seconds(5));
  // A query may wait 5 s for a write it was asked to see; what takes longer is slow by itself.
  watchDuration(alarms, "QuerySlow", api.functions["query-events"], Duration.seconds(8));
  watchDuration(alarms, "AggregateSlow", api.functions["aggregate-events"], Duration.seconds(8));
  alarms.add("Throttled", {
    page: "functions-throttled",
    says: "Lambda refuses to run functions: the account's concurrency is used up.",
    metric: sumOfMetrics(
      [...Object.values(answering), ...api.consumers].map((fn) => fn.metricThrottles()),
      "refused to run",
    ),
    threshold: 1,
    // A burst that outruns how fast instances are added is over within a period.
    periods: [2, 3],
  });
  alarms.add("StreamsFull", {
    page: "streams-full",
    says: `Nearly all of the ${api.openStreams} streams that may be open at once are: the next clients are refused.`,
    metric: streamEvents.metric("ConcurrentExecutions", { statistic: Stats.MAXIMUM, period: Duration.minutes(1) }),
    threshold: Math.ceil(0.9 * api.openStreams),
    periods: [5, 5],
  });
}

function watchDuration(alarms: RunbookAlarms, id: string, fn: IFunction, longest: Duration): void {
  alarms.add(id, {
    page: "api-slow",
    says: `Every hundredth request takes longer than ${longest.toSeconds()} s.`,
    metric: fn.metricDuration({ statistic: Stats.p(99) }),
    threshold: longest.toMilliseconds(),
    periods: [3, 3],
  });
}
