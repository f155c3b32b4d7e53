import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { AgentLog } from "#agent/log.ts";
import type { BlockOutcome, Output } from "#agent/outputs/output.ts";
import { quarantine } from "#agent/outputs/quarantine.ts";
import type { Block } from "#agent/spool/block.ts";
import { dropNumbers } from "#agent/spool/ledger.ts";
import type { Spool } from "#agent/spool/spool.ts";
import type { Clock } from "#core/clock.ts";

export interface DeliveryOptions {
  readonly spool: Spool;
  readonly output: Output;
  /** Where records go that the output refuses for ever. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: AgentLog;
  /** How long a batch may wait to become larger. @default 1000 */
  readonly gatherMs?: number;
  /** Which part of a pause is waited, from 0 to 1. @default Math.random */
  readonly random?: () => number;
}

/** What is known of the deliveries of a process. */
export interface DeliveryState {
  readonly sentLines: number;
  readonly retries: number;
  /** Since when nothing passes, and why; undefined while all is well. */
  readonly failing: { readonly sinceMs: number; readonly reason: string } | undefined;
}

const GATHER_MS = 1_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 30_000;
const DISK_PAUSE_MS = 1_000;
/** The longest `Retry-After` that is obeyed: one header must not stop an agent for a day. */
const LONGEST_RETRY_AFTER_MS = 300_000;

const inflate = promisify(gunzip);
const compress = promisify(gzip);

/** Sends what the spool holds, batch by batch in its order, each until all of it is taken or put aside. */
export class Delivery {
  readonly #spool: Spool;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #log: AgentLog;
  readonly #gatherMs: number;
  readonly #random: () => number;
  readonly #stop = new AbortController();
  #output: Output;
  #isDraining = false;
  #wake: () => void = () => {};
  #state: DeliveryState = { sentLines: 0, retries: 0, failing: undefined };
  #running: Promise<void> | undefined;

  constructor({ spool, output, folder, clock, log, gatherMs = GATHER_MS, random = Math.random }: DeliveryOptions) {
    this.#spool = spool;
    this.#output = output;
    this.#folder = folder;
    this.#clock = clock;
    this.#log = log;
    this.#gatherMs = gatherMs;
    this.#random = random;
  }

  start(): void {
    this.#running = this.#run();
  }

  get state(): DeliveryState {
    return this.#state;
  }

  /** Sends elsewhere from now on; a pause because of the former place is over. */
  turnTo(output: Output): void {
    const former = this.#output;
    this.#output = output;
    former.close();
    this.#wake();
  }

  /** Ends once all that the spool holds is sent, or with what is on its way when the time is over. */
  async drain(limitMs: number): Promise<void> {
    this.#isDraining = true;
    this.#spool.grown.ring();
    this.#wake();
    const cancel = this.#clock.after(limitMs, () => {
      this.#stop.abort();
      this.#output.close();
      this.#spool.grown.ring();
      this.#wake();
    });
    await this.#running;
    cancel();
    this.#output.close();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const isMore = await this.#sendNext();
        if (isMore) continue;
        if (this.#isDraining) return;
        await this.#spool.grown.rung();
        await this.#pause(this.#isDraining ? 0 : this.#gatherMs);
      } catch (error) {
        // The disk refuses to note what was sent: it is sent again, under the same ids.
        if (!("syscall" in (error as Error))) throw error;
        this.#log.error("the spool cannot be read, or what is sent not be noted", { error });
        this.#fails((error as Error).message);
        await this.#pause(DISK_PAUSE_MS);
      }
    }
  }

  /** Answers whether there was anything to be sent. */
  async #sendNext(): Promise<boolean> {
    const blocks = await this.#spool.read(this.#output.limits);
    const last = blocks.at(-1);
    if (last === undefined) return false;
    const before = this.#state.sentLines;
    const isDone = await this.#deliver(blocks.filter(({ header }) => header.records > 0));
    if (!isDone) return true;
    await this.#spool.advance(last, this.#state.sentLines - before);
    this.#recovered();
    return true;
  }

  /** Answers false when it was stopped before all was taken or put aside. */
  async #deliver(blocks: readonly Block[]): Promise<boolean> {
    let waiting = blocks;
    for (let failures = 0; waiting.length > 0; ) {
      if (this.#stop.signal.aborted) return false;
      const sent = waiting;
      const outcomes = await this.#output.send(sent);
      waiting = sent.filter((_, index) => outcomes[index]?.kind === "failed");
      for (const [index, outcome] of outcomes.entries()) {
        const block = sent[index] as Block;
        if (outcome.kind === "delivered") await this.#settle(block, outcome);
        if (outcome.kind === "refused" && !(await this.#isolate(block, outcome.reason, sent.length === 1)))
          return false;
      }
      const failure = outcomes.find((outcome) => outcome.kind === "failed");
      if (failure !== undefined) await this.#afterFailure(failure, failures++);
    }
    return true;
  }

  async #settle({ header, body }: Block, { refused = [] }: BlockOutcome & { kind: "delivered" }): Promise<void> {
    if (refused.length > 0) {
      const records = await recordsOf(body);
      await this.#putAside(
        header,
        refused.map(({ place, reason }) => ({ place, reason, record: records[place] ?? "" })),
      );
    }
    this.#state = { ...this.#state, sentLines: this.#state.sentLines + Math.max(0, header.lines - refused.length) };
  }

  /** Finds what is wrong in a block that is refused: by itself first, then half by half. */
  async #isolate(block: Block, reason: string, wasAlone: boolean): Promise<boolean> {
    if (!wasAlone) return this.#deliver([block]);
    const records = await recordsOf(block.body);
    if (records.length > 1) {
      const half = Math.ceil(records.length / 2);
      for (const part of [await partOf(block, records, 0, half), await partOf(block, records, half, records.length)])
        if (!(await this.#deliver([part]))) return false;
      return true;
    }
    await this.#putAside(block.header, [{ place: 0, reason, record: records[0] ?? "" }]);
    return true;
  }

  async #putAside(
    { incarnation, from, lines }: Block["header"],
    refused: readonly { readonly place: number; readonly reason: string; readonly record: string }[],
  ): Promise<void> {
    this.#log.error("records are refused and put aside", { count: refused.length, reason: refused[0]?.reason });
    await quarantine(
      this.#folder,
      refused.map(({ reason, record }) => ({ reason, record })),
    );
    if (lines === 0) return;
    const drops = refused.map(({ place }) => {
      const number = from + place;
      return { incarnation, from: number, to: number, cause: "refused" as const };
    });
    await this.#spool.save(this.#clock.now(), (ledger) => dropNumbers(ledger, drops));
  }

  async #afterFailure({ reason, retryAfterMs }: BlockOutcome & { kind: "failed" }, failures: number): Promise<void> {
    const { failing, retries } = this.#state;
    if (failing === undefined || failing.reason !== reason)
      this.#log.warn("lines wait in the spool", { output: this.#output.name, reason });
    this.#state = { ...this.#state, retries: retries + 1 };
    this.#fails(reason);
    const longestMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 20));
    await this.#pause(Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS) + this.#random() * longestMs);
  }

  #fails(reason: string): void {
    this.#state = { ...this.#state, failing: { sinceMs: this.#state.failing?.sinceMs ?? this.#clock.now(), reason } };
  }

  /** All of a batch is taken, and noted as such. */
  #recovered(): void {
    if (this.#state.failing === undefined) return;
    this.#log.info("lines pass again", { output: this.#output.name });
    this.#state = { ...this.#state, failing: undefined };
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = () => {};
  }
}

const recordsOf = async (body: Buffer): Promise<string[]> => (await inflate(body)).toString().split("\n").slice(0, -1);

async function partOf({ header }: Block, records: readonly string[], from: number, to: number): Promise<Block> {
  const raw = Buffer.from(
    records
      .slice(from, to)
      .map((record) => `${record}\n`)
      .join(""),
  );
  const lines = header.lines === 0 ? 0 : to - from;
  return {
    header: { ...header, from: header.from + from, lines, records: to - from, rawBytes: raw.length },
    body: await compress(raw),
  };
}
