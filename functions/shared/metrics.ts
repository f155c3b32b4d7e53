/** Where CloudWatch shows the figures that no service of AWS counts for us. */
export const METRIC_NAMESPACE = "Pulse";

/** What became of a batch of journal records: indexed, or returned, and then it comes again. */
export type BatchOutcome =
  | {
      readonly kept: number;
      readonly dead: number;
      readonly oldestArrivalMs: number;
      /** Of gateways' log lines. */
      readonly logs?: LogFigures;
    }
  | { readonly returned: true };

/** What the log lines of a batch were. */
export interface LogFigures {
  readonly lines: number;
  /** Those of which only the bytes and a reason are known. */
  readonly unparsed: number;
  /** When the line that waited longest was received beside its gateway; undefined where there are no lines. */
  readonly oldestLineMs: number | undefined;
}

const UNITS = {
  /** Events that are readable now; those of a repeated batch count again. */
  EventsKept: "Count",
  /** Entries that can never be kept and lie in the dead-letter place. */
  DeadLetters: "Count",
  /** Batches that could not be kept yet. */
  BatchesReturned: "Count",
  /** From the arrival of a batch's oldest record in the journal until its events are readable. */
  IndexingLag: "Milliseconds",
  /** Log lines among the events; those of a repeated batch count again. */
  LogLines: "Count",
  /** Log lines in no format that is known. */
  LinesUnparsed: "Count",
  /** From the reception of a batch's oldest log line, beside its gateway, until it is readable. */
  LineLag: "Milliseconds",
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

function figuresOf(outcome: BatchOutcome, nowMs: number): Partial<Record<ConsumerMetric, number>> {
  if ("returned" in outcome) return { BatchesReturned: 1 };
  const { kept, dead, oldestArrivalMs, logs } = outcome;
  const figures = { EventsKept: kept, DeadLetters: dead, IndexingLag: nowMs - oldestArrivalMs };
  if (logs?.oldestLineMs === undefined) return figures;
  return { ...figures, LogLines: logs.lines, LinesUnparsed: logs.unparsed, LineLag: nowMs - logs.oldestLineMs };
}

/** Writes each outcome as metrics of the function. Past the console, which would put a date before the line. */
export const writeMetrics =
  (functionName: string) =>
  (outcome: BatchOutcome): void => {
    process.stdout.write(toMetricLine(functionName, outcome, Date.now()));
  };
