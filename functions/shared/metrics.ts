/** Where CloudWatch shows the figures that no service of AWS counts for us. */
export const METRIC_NAMESPACE = "Pulse";

/** What became of a batch of journal records: indexed, or returned, and then it comes again. */
export type BatchOutcome =
  | { readonly kept: number; readonly dead: number; readonly oldestArrivalMs: number }
  | { readonly returned: true };

const UNITS = {
  /** Events that are readable now; those of a repeated batch count again. */
  EventsKept: "Count",
  /** Entries that can never be kept and lie in the dead-letter place. */
  DeadLetters: "Count",
  /** Batches that could not be kept yet. */
  BatchesReturned: "Count",
  /** From the arrival of a batch's oldest record in the journal until its events are readable. */
  IndexingLag: "Milliseconds",
} as const;

export type ConsumerMetric = keyof typeof UNITS;

/** A line of CloudWatch's embedded metric format: the log service makes the metrics, no call is needed. */
export function toMetricLine(functionName: string, outcome: BatchOutcome, nowMs: number): string {
  const figures = figuresOf(outcome, nowMs);
  const names = Object.keys(figures) as ConsumerMetric[];
  const directive = {
    Namespace: METRIC_NAMESPACE,
    Dimensions: [["FunctionName"]],
    Metrics: names.map((name) => ({ Name: name, Unit: UNITS[name] })),
  };
  const line = { _aws: { Timestamp: nowMs, CloudWatchMetrics: [directive] }, FunctionName: functionName, ...figures };
  return `${JSON.stringify(line)}\n`;
}

const figuresOf = (outcome: BatchOutcome, nowMs: number): Partial<Record<ConsumerMetric, number>> =>
  "returned" in outcome
    ? { BatchesReturned: 1 }
    : { EventsKept: outcome.kept, DeadLetters: outcome.dead, IndexingLag: nowMs - outcome.oldestArrivalMs };

/** Writes each outcome as metrics of the function. Past the console, which would put a date before the line. */
export const writeMetrics =
  (functionName: string) =>
  (outcome: BatchOutcome): void => {
    process.stdout.write(toMetricLine(functionName, outcome, Date.now()));
  };
