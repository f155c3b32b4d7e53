import type { KinesisStreamEvent, KinesisStreamRecord } from "aws-lambda";
import type { Clock } from "#core/clock.ts";
import type { Discarded } from "#test/support/aws/event-source-mapping-discarded.ts";
import type { MappingRules } from "#test/support/aws/event-source-mapping-settings.ts";

export interface DeliveryOptions {
  readonly rules: MappingRules;
  readonly shardId: string;
  readonly clock: Clock;
  /** Calls the function; throws what it throws. */
  readonly invoke: (batch: KinesisStreamEvent) => Promise<unknown>;
  /** Takes what is given up. */
  readonly discard: (discarded: Discarded) => Promise<void>;
  readonly onError: (error: unknown) => void;
  /** Throws when the mapping is stopped meanwhile. */
  readonly pause: (ms: number) => Promise<void>;
}

/** A batch, or what is left of one, and what it has gone through. */
interface Part {
  readonly records: readonly KinesisStreamRecord[];
  readonly retries: number;
  readonly invocations: number;
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/**
 * Delivers a batch of one shard until each record is done or discarded, what is left of a part before all behind it.
 */
export async function deliver(records: readonly KinesisStreamRecord[], options: DeliveryOptions): Promise<void> {
  const parts: Part[] = [{ records, retries: 0, invocations: 0 }];
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const left = (await discardOld(part, options)) ?? (await attempt(part, options));
    parts.unshift(...left.filter(({ records }) => records.length > 0));
  }
}

/** What is left without the records that are too old; undefined when none is. */
async function discardOld(part: Part, { rules, shardId, clock, discard }: DeliveryOptions) {
  const { records, invocations } = part;
  const oldestMs = clock.now() - rules.maxAgeMs;
  const isYoung = ({ kinesis }: KinesisStreamRecord) => kinesis.approximateArrivalTimestamp * 1000 >= oldestMs;
  const firstYoung = records.findIndex(isYoung);
  if (firstYoung === 0) return undefined;
  const old = firstYoung < 0 ? records.length : firstYoung;
  await discard({
    records: records.slice(0, old),
    shardId,
    condition: "RecordAgeExceeded",
    invocations,
    threw: part.retries > 0,
  });
  return [{ ...part, records: records.slice(old) }];
}

/** Invokes the function with a part, once; answers what is left of it, in its order. */
async function attempt(part: Part, options: DeliveryOptions): Promise<readonly Part[]> {
  const { rules, invoke, onError, discard, shardId, pause } = options;
  const { records, retries } = part;
  const invocations = part.invocations + 1;
  const outcome = await invoke({ Records: [...records] }).then(
    (answer) => ({ failedFrom: rules.readsItemFailures ? firstFailure(answer, records) : undefined, threw: false }),
    (error) => {
      onError(error);
      return { failedFrom: 0, threw: true };
    },
  );
  if (outcome.failedFrom === undefined) return [];
  // A checkpoint: what comes before it is done.
  if (outcome.failedFrom > 0) return [{ records: records.slice(outcome.failedFrom), retries: 0, invocations }];
  if (outcome.threw && rules.bisects && records.length > 1) {
    const half = Math.ceil(records.length / 2);
    // Takes nothing from the retries.
    return [records.slice(0, half), records.slice(half)].map((records) => ({ records, retries, invocations }));
  }
  if (retries === rules.maxRetries) {
    await discard({ records, shardId, condition: "RetryAttemptsExhausted", invocations, threw: outcome.threw });
    return [];
  }
  await pause(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** retries));
  return [{ records, retries: retries + 1, invocations }];
}

/**
 * Where an answer says that its batch has failed: at the lowest record that it names; at the first one, when a name is
 * none of the batch; nowhere, when it names nothing.
 */
function firstFailure(answer: unknown, records: readonly KinesisStreamRecord[]): number | undefined {
  const failures = (answer as { batchItemFailures?: readonly { itemIdentifier?: unknown }[] | null } | null)
    ?.batchItemFailures;
  if (!failures || failures.length === 0) return undefined;
  const places = failures.map(({ itemIdentifier }) =>
    records.findIndex(({ kinesis }) => kinesis.sequenceNumber === itemIdentifier),
  );
  return Math.max(0, Math.min(...places));
}
