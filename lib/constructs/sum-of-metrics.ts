import { type IMetric, MathExpression } from "aws-cdk-lib/aws-cloudwatch";

/** Series added up. One that has no figures counts as 0, where CloudWatch would have none for the sum either. */
export const sumOfMetrics = (series: readonly IMetric[], label: string): MathExpression => {
  const names = series.map((_, index) => `series${index}`);
  return new MathExpression({
    expression: names.map((name) => `FILL(${name}, 0)`).join(" + "),
    usingMetrics: Object.fromEntries(series.map((metric, index) => [names[index], metric])),
    label,
  });
};
