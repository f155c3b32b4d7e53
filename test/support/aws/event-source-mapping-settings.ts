/**
 * How a stream is mapped to a function, in CloudFormation's words: the properties of an AWS::Lambda::EventSourceMapping
 * of a template can be given as they are.
 */
export interface MappingSettings {
  /** The most records of a batch. @default 100 */
  readonly BatchSize?: number;
  /** How long records are gathered for a batch that is not full. @default 0 */
  readonly MaximumBatchingWindowInSeconds?: number;
  /** A batch whose invocation fails is halved. @default false */
  readonly BisectBatchOnFunctionError?: boolean;
  /** How often a batch is tried again before it is discarded; -1 for ever. @default -1 */
  readonly MaximumRetryAttempts?: number;
  /** What is older is discarded; -1 never. @default -1 */
  readonly MaximumRecordAgeInSeconds?: number;
  /** With `ReportBatchItemFailures` an answer may name the records that failed. @default [] */
  readonly FunctionResponseTypes?: readonly string[];
  /** Batches of one shard at a time: only 1 is known here. @default 1 */
  readonly ParallelizationFactor?: number;
  /** Only TRIM_HORIZON is known here. @default "TRIM_HORIZON" */
  readonly StartingPosition?: string;
}

/** When a mapping halves, repeats, waits and gives up. */
export interface MappingRules {
  readonly batchSize: number;
  readonly windowMs: number;
  readonly bisects: boolean;
  readonly maxRetries: number;
  readonly maxAgeMs: number;
  readonly readsItemFailures: boolean;
}

/** Throws for a setting whose rules are not known here. */
export function toRules(settings: MappingSettings): MappingRules {
  const { ParallelizationFactor = 1, StartingPosition = "TRIM_HORIZON" } = settings;
  if (ParallelizationFactor !== 1)
    throw new RangeError(`one batch of a shard at a time is all that is known here, not ${ParallelizationFactor}`);
  if (StartingPosition !== "TRIM_HORIZON")
    throw new RangeError(`TRIM_HORIZON is the only start that is known here, not ${StartingPosition}`);
  return {
    batchSize: settings.BatchSize ?? 100,
    windowMs: (settings.MaximumBatchingWindowInSeconds ?? 0) * 1000,
    bisects: settings.BisectBatchOnFunctionError ?? false,
    maxRetries: limit(settings.MaximumRetryAttempts),
    maxAgeMs: limit(settings.MaximumRecordAgeInSeconds) * 1000,
    readsItemFailures: settings.FunctionResponseTypes?.includes("ReportBatchItemFailures") ?? false,
  };
}

const limit = (value = -1): number => (value === -1 ? Number.POSITIVE_INFINITY : value);
