import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { Bell } from "#agent/bell.ts";
import type { LineSink, ReceivedLine } from "#agent/inputs/line-sink.ts";
import type { AgentLog } from "#agent/log.ts";
import { beginLedger, type LedgerState, makeReceipts, numberLost, numberSpooled } from "#agent/spool/ledger.ts";
import type { NewBlock, Spool } from "#agent/spool/spool.ts";
import { type Clock, sleep } from "#core/clock.ts";
import {
  type DropCause,
  type LogLine,
  type LogRecord,
  lineId,
  receiptId,
  toLineBytes,
  toLogRecordLine,
} from "#core/haproxy/logs/log-record.ts";

/** What records say of their gateway. */
export type Gateway = Pick<LogLine, "source" | "zone">;

/** What becomes of a line for which the spool has no room. */
export const FULL_POLICIES = ["drop-newest", "drop-oldest", "block"] as const;
type FullPolicy = (typeof FULL_POLICIES)[number];

export interface SpoolerOptions {
  readonly spool: Spool;
  readonly gateway: Gateway;
  readonly whenFull: FullPolicy;
  readonly clock: Clock;
  readonly log: AgentLog;
  /** How long a line may wait for others before they are written together. @default 100 */
  readonly gatherMs?: number;
}

const GATHER_MS = 100;
/**
 * The most that is written as one block, measured as JSON; a request and a
 * record of Kinesis hold 4 MiB and 10,000 lines.
 */
const BLOCK_BYTES = 1.5 * 1024 * 1024;
const BLOCK_LINES = 5_000;
/** With more waiting, inputs that can wait must, and lines of those that cannot are lost. */
const MAX_WAITING_BYTES = 12 * 1024 * 1024;
/** What a line costs besides its bytes, in memory and as JSON. */
const LINE_COST_BYTES = 400;
/** What a control character costs more: JSON writes it as six characters. */
const CONTROL_COST_BYTES = 5;
const SPACE = 0x20;
const RETRY_MS = 1_000;
/** While all lines are lost, the ledger is written at most this often. */
const SAVE_MS = 1_000;
/** A receipt with more ranges would grow without a bound. */
const MAX_DROPPED_RANGES = 100;
/** Twice the speed of the default for a tenth more bytes. */
const GZIP_LEVEL = 3;

const compress = promisify(gzip);

/**
 * Takes lines from the inputs, gives them their numbers and puts them into the spool, block by block. It holds so much
 * and no more: who can wait looks at `isFull`.
 */
export class Spooler implements LineSink {
  /** Rings when it is no longer full. */
  readonly roomy = new Bell();
  readonly #spool: Spool;
  readonly #clock: Clock;
  readonly #log: AgentLog;
  readonly #gatherMs: number;
  readonly #came = new Bell();
  #gateway: Gateway;
  #whenFull: FullPolicy;
  #waiting: ReceivedLine[] = [];
  #waitingBytes = 0;
  #lost = new Map<DropCause, number>();
  /** The cause that is counted for lines which are lost now. */
  #trouble: DropCause = "overload";
  #savedMs = 0;
  #stopping = false;
  #running: Promise<void> | undefined;

  constructor({ spool, gateway, whenFull, clock, log, gatherMs = GATHER_MS }: SpoolerOptions) {
    this.#spool = spool;
    this.#gateway = gatewayOf(gateway);
    this.#whenFull = whenFull;
    this.#clock = clock;
    this.#log = log;
    this.#gatherMs = gatherMs;
  }

  /** Goes on where the spool ends, with another incarnation where its numbers could come twice. */
  async start(boot: string): Promise<void> {
    const nowMs = this.#clock.now();
    if (this.#spool.mayRepeatNumbers(boot)) {
      await this.writeReceipts();
      const { delivered } = this.#spool.delivered;
      await this.#spool.save(nowMs, (ledger) => {
        const { namespace } = ledger;
        return beginLedger({ namespace, boot, nowMs, former: { ledger, delivered } });
      });
    } else await this.#spool.save(nowMs);
    this.#running = this.#run();
  }

  get isFull(): boolean {
    return this.#waitingBytes >= MAX_WAITING_BYTES;
  }

  get waitingLines(): number {
    return this.#waiting.length;
  }

  /** For lines that come from now on. */
  change(gateway: Gateway, whenFull: FullPolicy): void {
    this.#gateway = gatewayOf(gateway);
    this.#whenFull = whenFull;
    this.roomy.ring();
  }

  /** Takes lines of an input that waits while `isFull`. */
  take(lines: readonly ReceivedLine[]): void {
    for (const line of lines) {
      this.#waiting.push(line);
      this.#waitingBytes += costOf(line);
    }
    this.#came.ring();
  }

  /** Takes a line of an input that cannot wait: it is lost where nothing has room. */
  takeOrLose(line: ReceivedLine): void {
    if (this.isFull) this.lose(1, this.#trouble);
    else this.take([line]);
  }

  /** So many lines are lost. */
  lose(count: number, cause: DropCause): void {
    this.#lost.set(cause, (this.#lost.get(cause) ?? 0) + count);
    this.#came.ring();
  }

  /** Says what became of the lines since the last receipts. */
  async writeReceipts(): Promise<void> {
    await this.#spool.append(async (before) => {
      const nowMs = this.#clock.now();
      const { receipts, ledger } = makeReceipts(before, this.#spool.delivered, nowMs);
      const { source } = this.#gateway;
      const at = new Date(nowMs).toISOString();
      const records = receipts.map((receipt, index) => {
        const id = receiptId(before.incarnation, before.receipts + index + 1);
        return { id, at, namespace: before.namespace, source, receipt };
      });
      return { ledger, lines: 0, atMs: nowMs, ...(await toBody(records)) };
    }, "exceed");
  }

  /** Spools what was taken, and ends. Nothing may be taken any more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#came.ring();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      if (this.#waiting.length === 0 && this.#lost.size === 0) {
        if (this.#stopping) return;
        await this.#came.rung();
      }
      if (this.#waitingBytes < BLOCK_BYTES && !this.#stopping) await sleep(this.#clock, this.#gatherMs);
      await this.#spoolSome();
    }
  }

  async #spoolSome(): Promise<void> {
    const lost = this.#lost;
    this.#lost = new Map();
    const lines = firstLines(this.#waiting);
    if (lines.length > 0) {
      const cause = await this.#spoolLines(lines, lost);
      if (cause !== undefined) lost.set(cause, (lost.get(cause) ?? 0) + lines.length);
      if (cause !== undefined) await this.#noteLost(lost);
      this.#waiting.splice(0, lines.length);
      this.#waitingBytes -= lines.reduce((sum, line) => sum + costOf(line), 0);
      if (!this.isFull) this.roomy.ring();
    } else await this.#noteLost(lost);
    if (this.#spool.ledger.dropped.length >= MAX_DROPPED_RANGES) await this.#try(() => this.writeReceipts());
  }

  /** Tries until they are spooled, behind what was lost before them; answers why they cannot be. */
  async #spoolLines(
    lines: readonly ReceivedLine[],
    lost: ReadonlyMap<DropCause, number>,
  ): Promise<DropCause | undefined> {
    for (;;) {
      const build = (ledger: LedgerState): Promise<NewBlock> => this.#toBlock(withLost(ledger, lost), lines);
      let isTaken: boolean | undefined;
      await this.#try(async () => {
        isTaken = await this.#spool.append(build, this.#whenFull === "drop-oldest" ? "drop-oldest" : "refuse");
      });
      if (isTaken) {
        this.#savedMs = this.#clock.now();
        this.#turnTo("overload");
        return undefined;
      }
      this.#turnTo(isTaken === undefined ? "spool-failed" : "spool-full");
      if (this.#stopping || (this.#trouble === "spool-full" && this.#whenFull !== "block")) return this.#trouble;
      await sleep(this.#clock, RETRY_MS);
    }
  }

  /** What fails here, the disk has refused: it is logged, and tried again with the next lines. */
  async #try(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!("syscall" in (error as Error))) throw error;
      if (this.#trouble !== "spool-failed") this.#log.error("the spool cannot be written", { error });
    }
  }

  #turnTo(trouble: DropCause): void {
    if (trouble === "spool-full" && this.#trouble !== trouble)
      this.#log.warn("the spool is full", { whenFull: this.#whenFull, bytes: this.#spool.bytes });
    if (trouble === "overload" && this.#trouble !== trouble) this.#log.info("the spool takes lines again");
    this.#trouble = trouble;
  }

  async #noteLost(lost: ReadonlyMap<DropCause, number>): Promise<void> {
    const nowMs = this.#clock.now();
    const note = (ledger: LedgerState): LedgerState => withLost(ledger, lost);
    await this.#spool.note(note);
    if (nowMs - this.#savedMs < SAVE_MS && !this.#stopping) return;
    this.#savedMs = nowMs;
    await this.#try(() => this.#spool.save(nowMs));
  }

  async #toBlock(before: LedgerState, lines: readonly ReceivedLine[]): Promise<NewBlock> {
    const files = { ...before.files };
    const records = lines.map(({ bytes, receivedAtMs, cut, followed }, index): LogRecord => {
      if (followed !== undefined) files[followed.path] = followed.position;
      return {
        id: lineId(before.incarnation, before.next + index),
        at: new Date(receivedAtMs).toISOString(),
        namespace: before.namespace,
        ...this.#gateway,
        ...(cut && { cut }),
        ...toLineBytes(bytes),
      };
    });
    return {
      ledger: { ...numberSpooled(before, lines.length), files },
      lines: lines.length,
      atMs: lines[0]?.receivedAtMs ?? this.#clock.now(),
      ...(await toBody(records)),
    };
  }
}

/** Only these two: the object that is given may have more. */
const gatewayOf = ({ source, zone }: Gateway): Gateway => ({ source, zone });

function costOf({ bytes }: ReceivedLine): number {
  let cost = LINE_COST_BYTES + bytes.length;
  for (const byte of bytes) if (byte < SPACE) cost += CONTROL_COST_BYTES;
  return cost;
}

function firstLines(waiting: readonly ReceivedLine[]): ReceivedLine[] {
  let bytes = 0;
  let count = 0;
  while (count < Math.min(waiting.length, BLOCK_LINES) && bytes < BLOCK_BYTES)
    bytes += costOf(waiting[count++] as ReceivedLine);
  return waiting.slice(0, count);
}

function withLost(ledger: LedgerState, lost: ReadonlyMap<DropCause, number>): LedgerState {
  return [...lost].reduce((state, [cause, count]) => numberLost(state, count, cause), ledger);
}

async function toBody(records: readonly LogRecord[]): Promise<Pick<NewBlock, "records" | "rawBytes" | "body">> {
  const raw = Buffer.from(records.map(toLogRecordLine).join(""));
  return { records: records.length, rawBytes: raw.length, body: await compress(raw, { level: GZIP_LEVEL }) };
}
