import { type IMetric, MathExpression } from "aws-cdk-lib/aws-cloudwatch";

/** CloudWatch deploys no alarm of more. */
const MAX_SERIES = 10;

/** Series added up. One that has no figures counts as 0, where CloudWatch would have none for the sum either. */
export const sumOfMetrics = (series: readonly IMetric[], label: string): MathExpression => {
  if (series.length > MAX_SERIES)
    throw new Error(`the sum "${label}" is of ${series.length} metrics, an alarm has at most ${MAX_SERIES}`);
  // A graph of several sums has the names of all of them.
  const prefix = label.toLowerCase().replaceAll(/[^a-z0-9]/g, "_");
  const names = series.map((_, index) => `${prefix}_${index}`);
  return new MathExpression({
    expression: names.map((name) => `FILL(${name}, 0)`).join(" + "),
    usingMetrics: Object.fromEntries(series.map((metric, index) => [names[index], metric])),
    label,
  });
};
