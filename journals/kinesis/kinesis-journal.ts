import { KinesisClient, type KinesisClientConfig, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { type Clock, sleep } from "#core/clock.ts";
import { type Appended, seqsOf } from "#core/events/event-journal.ts";
import { mayPass } from "#journals/kinesis/failure.ts";
import { type Lane, type PackedRecord, toCalls } from "#journals/kinesis/pack-records.ts";

export interface KinesisJournalOptions {
  readonly streamName: string;
  readonly clock: Clock;
  /** How long one `append` may try. @default 5000 */
  readonly budgetMs?: number;
  /** @default - region and credentials of the environment */
  readonly config?: KinesisClientConfig;
  /** @default - one made with `config` */
  readonly client?: Pick<KinesisClient, "send" | "destroy">;
  /** Which part of a pause is waited, from 0 to 1. @default Math.random */
  readonly random?: () => number;
}

const BUDGET_MS = 5_000;
/** Rounds in which some record failed, the last included; the pauses between them sum up to 2 s on average. */
const MAX_FAILED_ROUNDS = 8;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** A call takes 10–100 ms; one that hangs must leave time for another. */
const CALL_TIMEOUT_MS = 2_000;
const RETRY_AFTER_SECONDS = 5;

/** Why a record could not be put; a `bug` is what no retry can mend. */
interface Failure {
  readonly failed: string;
  readonly bug?: unknown;
}

type Outcome = { readonly shard: string; readonly sequenceNumber: string } | Failure;

/**
 * A journal on a Kinesis stream. PutRecords keeps no order among the records of a call, so a call has one record of a
 * key, and the key's next one waits until it is durable: what cannot be put is not overtaken. A call whose answer was
 * lost is repeated, so an item may be in the stream twice, or be there though it was answered as not taken: its id
 * makes it one. A wrong name or a missing right throws.
 */
export class KinesisJournal<Item> {
  readonly #toLanes: (items: readonly Item[]) => readonly Lane[];
  readonly #client: Pick<KinesisClient, "send" | "destroy">;
  readonly #streamName: string;
  readonly #clock: Clock;
  readonly #budgetMs: number;
  readonly #random: () => number;

  constructor(toLanes: (items: readonly Item[]) => readonly Lane[], options: KinesisJournalOptions) {
    const { streamName, clock, budgetMs = BUDGET_MS, config, client, random = Math.random } = options;
    this.#toLanes = toLanes;
    this.#client = client ?? openClient(config);
    this.#streamName = streamName;
    this.#clock = clock;
    this.#budgetMs = budgetMs;
    this.#random = random;
  }

  async append(items: readonly Item[]): Promise<readonly Appended[]> {
    const appended = new Array<Appended>(items.length);
    const deadlineMs = this.#clock.now() + this.#budgetMs;
    let lanes = this.#toLanes(items);
    let failedRounds = 0;
    while (lanes.length > 0) {
      const { waiting, failure } = await this.#putFirsts(lanes, appended, deadlineMs);
      lanes = waiting;
      if (failure === undefined) continue;
      const pauseMs = this.#random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failedRounds);
      failedRounds++;
      const isLast = failedRounds === MAX_FAILED_ROUNDS || this.#clock.now() + pauseMs >= deadlineMs;
      if (isLast || failure.bug !== undefined) {
        refuse(lanes, failure, appended);
        break;
      }
      await sleep(this.#clock, pauseMs);
    }
    return appended;
  }

  /**
   * Puts the first record of each lane and answers its items; what is left waits, behind a failed one all of its lane.
   */
  async #putFirsts(lanes: readonly Lane[], appended: Appended[], deadlineMs: number) {
    const waiting: Lane[] = [];
    let failure: Failure | undefined;
    for (const call of toCalls(lanes)) {
      const outcomes = await this.#put(call, deadlineMs);
      for (const [index, lane] of call.entries()) {
        const outcome = outcomes[index] as Outcome;
        if ("failed" in outcome) {
          failure = outcome;
          waiting.push(lane);
          continue;
        }
        const [{ places }, ...behind] = lane;
        const seqAt = seqsOf(outcome.sequenceNumber);
        for (const [offset, place] of places.entries())
          appended[place] = { point: { shard: outcome.shard, seq: seqAt(offset) } };
        if (isLane(behind)) waiting.push(behind);
      }
    }
    return { waiting, failure };
  }

  /** Puts the first record of each lane. Never throws: what failed says so. */
  async #put(lanes: readonly Lane[], deadlineMs: number): Promise<readonly Outcome[]> {
    const timeLeftMs = deadlineMs - this.#clock.now();
    if (timeLeftMs <= 0) return lanes.map(() => ({ failed: "there was no time left to call Kinesis" }));
    const abort = new AbortController();
    const cancelTimeout = this.#clock.after(Math.min(CALL_TIMEOUT_MS, timeLeftMs), () => abort.abort());
    try {
      const { Records = [] } = await this.#client.send(
        new PutRecordsCommand({
          StreamName: this.#streamName,
          Records: lanes.map(([{ partitionKey, data }]) => ({ PartitionKey: partitionKey, Data: data })),
        }),
        { abortSignal: abort.signal },
      );
      return lanes.map((_, index): Outcome => {
        const { ShardId, SequenceNumber, ErrorCode } = Records[index] ?? {};
        if (ShardId === undefined || SequenceNumber === undefined)
          return { failed: `Kinesis refused the record (${ErrorCode ?? "no reason given"})` };
        return { shard: `${this.#streamName}/${ShardId}`, sequenceNumber: SequenceNumber };
      });
    } catch (error) {
      // Only the error's name: AWS's messages name accounts and streams.
      const { name, code = name } = error as NodeJS.ErrnoException;
      const failed = `the call of Kinesis failed (${code})`;
      const failure = abort.signal.aborted || mayPass(error) ? { failed } : { failed, bug: error };
      return lanes.map(() => failure);
    } finally {
      cancelTimeout();
    }
  }

  close(): void {
    this.#client.destroy();
  }
}

/**
 * Speaks HTTP/1.1 and keeps its connections: over HTTP/2, its default, it opens one for every call.
 * A call's own limit of time includes its connection; the handler's limit would also count the wait
 * for a free one, and fail calls in a burst.
 */
const openClient = (config?: KinesisClientConfig): KinesisClient =>
  new KinesisClient({ requestHandler: new NodeHttpHandler(), ...config, maxAttempts: 1 });

/** Answers what is left as not taken. A bug is thrown, unless a part is durable already and must be answered. */
function refuse(lanes: readonly Lane[], { failed, bug }: Failure, appended: Appended[]): void {
  const left = lanes.flatMap((lane) => lane.flatMap(({ places }) => places));
  if (bug !== undefined && left.length === appended.length) throw bug;
  for (const place of left) appended[place] = { notTaken: failed, retryAfterSeconds: RETRY_AFTER_SECONDS };
}

const isLane = (records: readonly PackedRecord[]): records is Lane => records.length > 0;
