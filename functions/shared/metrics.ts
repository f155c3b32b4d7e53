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

/** Log lines that are in no figure, of all namespaces. */
export interface Unmeasured {
  readonly linesLate: number;
  readonly linesGivenUp: number;
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
  /** Log lines that came when their window had been measured: they are in no figure. */
  LinesLate: "Count",
  /** Log lines of windows that nobody measured in time. */
  LinesGivenUp: "Count",
} as const;

export type PulseMetric = keyof typeof UNITS;
type Figures = Partial<Readonly<Record<PulseMetric, number>>>;

/** What became of a batch, as a line of metrics. */
export const toMetricLine = (functionName: string, outcome: BatchOutcome, nowMs: number): string =>
  toLine(functionName, figuresOf(outcome, nowMs), nowMs);

/** A line of CloudWatch's embedded metric format: the log service makes the metrics, no call is needed. */
function toLine(functionName: string, figures: Figures, nowMs: number): string {
  const names = Object.keys(figures) as PulseMetric[];
  const directive = {
    Namespace: METRIC_NAMESPACE,
    Dimensions: [["FunctionName"]],
    Metrics: names.map((name) => ({ Name: name, Unit: UNITS[name] })),
  };
  const line = { _aws: { Timestamp: nowMs, CloudWatchMetrics: [directive] }, FunctionName: functionName, ...figures };
  return `${JSON.stringify(line)}\n`;
}

function figuresOf(outcome: BatchOutcome, nowMs: number): Figures {
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

/**
 * The same of the lines that a run of a workflow found to be in no figure; 0 is written too, so that silence is none.
 */
export const writeUnmeasured =
  (functionName: string) =>
  ({ linesLate, linesGivenUp }: Unmeasured): void => {
    const figures = { LinesLate: linesLate, LinesGivenUp: linesGivenUp };
    process.stdout.write(toLine(functionName, figures, Date.now()));
  };
