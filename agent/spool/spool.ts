import { type FileHandle, open, rm } from "node:fs/promises";
import { Bell } from "#agent/bell.ts";
import { type Block, type BlockHeader, encodeBlock } from "#agent/spool/block.ts";
import { type Cursor, readCursor, writeCursor } from "#agent/spool/cursor.ts";
import {
  beginLedger,
  type Delivered,
  dropNumbers,
  type LedgerState,
  type NamedDrop,
  reopened,
} from "#agent/spool/ledger.ts";
import { lockSpool } from "#agent/spool/lock.ts";
import { makeFolder } from "#agent/spool/make-folder.ts";
import { listSegments, readSegment, type Segment, type SegmentPart, segmentPath } from "#agent/spool/segments.ts";

export interface SpoolOptions {
  readonly folder: string;
  /** What its segments may come to; what is appended with `exceed` goes a little beyond. */
  readonly maxBytes: number;
  /**
   * Whether a block is on the disk before it counts as spooled; otherwise a power failure may cost the last seconds.
   */
  readonly sync: boolean;
  /** Of its lines; a spool is one namespace's as long as it is there. */
  readonly namespace: string;
  /** Which start of the machine this is. */
  readonly boot: string;
  readonly nowMs: number;
}

/** What is to be written behind the last block. */
export interface NewBlock extends Omit<BlockHeader, "incarnation" | "from"> {
  readonly body: Buffer;
}

/** A block where it lies. */
export interface SpooledBlock extends Block {
  readonly segment: number;
  /** Where the next one begins. */
  readonly end: number;
}

/**
 * What becomes of a block for which there is no room: it is not written, others
 * go for it, or it is written all the same.
 */
export type WhenFull = "refuse" | "drop-oldest" | "exceed";

/** What a batch may come to. */
export interface BatchLimits {
  readonly records: number;
  readonly rawBytes: number;
  readonly bytes: number;
}

const MAX_SEGMENT_BYTES = 8 * 1024 * 1024;
/** A full spool gives up its oldest lines a segment at a time. */
const SEGMENTS_OF_A_FULL_SPOOL = 8;

/**
 * Lines between their reception and their delivery, on the disk. What was appended is there after
 * the process was killed at any moment, under the numbers that it had, and no number is given
 * twice. Changes happen one after the other.
 */
export class Spool {
  /** Rings when there is more to send. */
  readonly grown = new Bell();
  readonly #folder: string;
  readonly #sync: boolean;
  readonly #unlock: () => Promise<void>;
  readonly #segments: Segment[];
  #maxBytes: number;
  #active: FileHandle | undefined;
  #ledger: LedgerState;
  #cursor: Cursor;
  /** The last segment of what is being sent: until that is answered, it stays. */
  #sending: number | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    { folder, maxBytes, sync }: SpoolOptions,
    unlock: () => Promise<void>,
    segments: Segment[],
    ledger: LedgerState,
    cursor: Cursor,
  ) {
    this.#folder = folder;
    this.#sync = sync;
    this.#unlock = unlock;
    this.#segments = segments;
    this.#maxBytes = maxBytes;
    this.#ledger = ledger;
    this.#cursor = cursor;
  }

  /** Opens the spool in that folder, or begins one. Throws when another process has it, or another namespace. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const { folder, namespace } = options;
    await makeFolder(folder);
    const unlock = await lockSpool(folder);
    try {
      const segments = await listSegments(folder);
      const last = await lastLedger(segments);
      const cursor = await readCursor(folder);
      const ledger = last === undefined ? beginLedger(options) : reopened(last);
      if (ledger.namespace !== namespace)
        throw new Error(
          `the spool ${folder} has lines of the namespace ${ledger.namespace}: use another for ${namespace}`,
        );
      return new Spool(options, unlock, segments, ledger, startingAt(cursor, segments, ledger));
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  get ledger(): LedgerState {
    return this.#ledger;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** Takes effect with the next block. */
  set maxBytes(bytes: number) {
    this.#maxBytes = bytes;
  }

  get delivered(): Delivered {
    const { delivered, incarnation, sentTo } = this.#cursor;
    return { delivered, sentTo: incarnation === this.#ledger.incarnation ? sentTo : 0 };
  }

  /**
   * Whether numbers of this incarnation could come twice: the machine was started anew since, so that a copy of the
   * folder may run elsewhere or what was not synced is gone; or more was delivered than the spool remembers.
   */
  mayRepeatNumbers(boot: string): boolean {
    return this.#ledger.boot !== boot || this.delivered.sentTo >= this.#ledger.next;
  }

  /** Writes a block, and answers whether there was room for it. When it throws, nothing has changed. */
  append(build: (ledger: LedgerState) => NewBlock | Promise<NewBlock>, whenFull: WhenFull): Promise<boolean> {
    return this.#inTurn(async () => {
      const block = await build(this.#ledger);
      let { ledger } = block;
      const isFull = (): boolean => this.bytes + block.body.length > this.#maxBytes;
      while (whenFull === "drop-oldest" && isFull()) {
        const drops = await this.#dropOldest();
        if (drops === undefined) break;
        ledger = dropNumbers(ledger, drops);
      }
      if (whenFull !== "exceed" && isFull()) return false;
      await this.#write({ ...block, ledger });
      return true;
    });
  }

  /** Changes the ledger alone, which the next block carries. */
  note(change: (ledger: LedgerState) => LedgerState): Promise<void> {
    return this.#inTurn(async () => {
      this.#ledger = change(this.#ledger);
    });
  }

  /** Writes what was noted. */
  async save(nowMs: number, change = (ledger: LedgerState) => ledger): Promise<void> {
    await this.append((ledger) => emptyBlock(change(ledger), nowMs), "exceed");
  }

  /** What is to be sent next, as many blocks as fit; one there is in any case, unless nothing waits. */
  read(limits: BatchLimits): Promise<readonly SpooledBlock[]> {
    return this.#inTurn(async () => {
      const blocks: SpooledBlock[] = [];
      const sums = { records: 0, rawBytes: 0, bytes: 0 };
      let { incarnation, sentTo } = this.#cursor;
      let isDamaged = false;
      for await (const { segment, part } of this.#unsent()) {
        if ("damaged" in part) {
          isDamaged = true;
          continue;
        }
        const { header, body } = part.block;
        sums.records += header.records;
        sums.rawBytes += header.rawBytes;
        sums.bytes += body.length;
        if (blocks.length > 0 && !isWithin(sums, limits)) break;
        if (isDamaged && header.incarnation === incarnation && header.from > sentTo + 1)
          await this.#noteDamage({ incarnation, from: sentTo + 1, to: header.from - 1, cause: "spool-damaged" });
        isDamaged = false;
        incarnation = header.incarnation;
        sentTo = lastNumber(header);
        blocks.push({ header, body, segment: segment.number, end: part.to });
        this.#sending = segment.number;
      }
      return blocks;
    });
  }

  /** All up to the end of that block is delivered, or noted as lost. */
  advance({ segment, end, header }: SpooledBlock, deliveredLines: number): Promise<void> {
    return this.#inTurn(async () => {
      await this.#moveCursor({
        segment,
        offset: end,
        delivered: this.#cursor.delivered + deliveredLines,
        incarnation: header.incarnation,
        sentTo: lastNumber(header),
      });
      if (segment === this.#sending) this.#sending = undefined;
    });
  }

  /** Says in a last block that nothing is missing behind it. */
  async close(nowMs: number): Promise<void> {
    await this.append((ledger) => ({ ...emptyBlock(ledger, nowMs), ledger: { ...ledger, closed: true } }), "exceed");
    await this.release();
  }

  /** Lets go of the folder as a process does that is killed. */
  async release(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#active?.close();
      await this.#unlock();
    });
  }

  async *#unsent(): AsyncGenerator<{ readonly segment: Segment; readonly part: SegmentPart }> {
    const { segment: first, offset } = this.#cursor;
    for (const segment of this.#segments) {
      if (segment.number < first) continue;
      const from = segment.number === first ? offset : 0;
      for await (const part of readSegment(segment.path, from, segment.bytes)) yield { segment, part };
    }
  }

  async #write(block: NewBlock): Promise<void> {
    const { body, ledger, ...rest } = block;
    const header = { ...rest, ledger, incarnation: ledger.incarnation, from: ledger.next - rest.lines };
    const bytes = encodeBlock({ header, body });
    const { file, segment } = await this.#activeSegment();
    try {
      await file.appendFile(bytes);
      if (this.#sync) await file.datasync();
    } catch (error) {
      // A part of it may be written: that is cut off, and the next block begins another segment.
      this.#active = undefined;
      await file.truncate(segment.bytes).catch(() => {});
      await file.close();
      throw error;
    }
    segment.bytes += bytes.length;
    this.#ledger = ledger;
    this.grown.ring();
  }

  /** Where the next block goes; another segment when the one before is full, was given up, or is another process's. */
  async #activeSegment(): Promise<{ readonly file: FileHandle; readonly segment: Segment }> {
    const last = this.#segments.at(-1);
    const segmentBytes = Math.min(MAX_SEGMENT_BYTES, this.#maxBytes / SEGMENTS_OF_A_FULL_SPOOL);
    if (this.#active !== undefined && last !== undefined && last.bytes < segmentBytes)
      return { file: this.#active, segment: last };
    await this.#active?.close();
    this.#active = undefined;
    const number = Math.max(last?.number ?? 0, this.#cursor.segment) + 1;
    const path = segmentPath(this.#folder, number);
    const file = await open(path, "ax", 0o600);
    const segment = { number, path, bytes: 0 };
    this.#active = file;
    this.#segments.push(segment);
    if (this.#sync) await syncFolder(this.#folder);
    return { file, segment };
  }

  /** Removes the oldest segment that is neither being written nor being sent, and answers what is lost with it. */
  async #dropOldest(): Promise<readonly NamedDrop[] | undefined> {
    const isSending = (number: number): boolean => this.#sending !== undefined && number <= this.#sending;
    const segment = this.#segments.slice(0, -1).find(({ number }) => !isSending(number));
    if (segment === undefined) return undefined;
    const drops: NamedDrop[] = [];
    const receipts: NewBlock[] = [];
    const from = segment.number === this.#cursor.segment ? this.#cursor.offset : 0;
    for await (const part of readSegment(segment.path, from, segment.bytes)) {
      if ("damaged" in part) continue;
      const { header, body } = part.block;
      if (header.lines > 0) drops.push({ ...numbersOf(header), cause: "spool-full" });
      else if (header.records > 0) receipts.push({ ...header, ledger: this.#ledger, body });
    }
    for (const receipt of receipts) await this.#write(receipt);
    await this.#remove(segment);
    this.#ledger = dropNumbers(this.#ledger, drops);
    return drops;
  }

  async #noteDamage(drop: NamedDrop): Promise<void> {
    await this.#write(emptyBlock(dropNumbers(this.#ledger, [drop]), Date.now()));
  }

  async #moveCursor(cursor: Cursor): Promise<void> {
    await writeCursor(this.#folder, cursor);
    this.#cursor = cursor;
    for (const segment of this.#segments.slice(0, -1)) if (segment.number < cursor.segment) await this.#remove(segment);
  }

  async #remove(segment: Segment): Promise<void> {
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    await rm(segment.path, { force: true });
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(action);
    this.#turn = result.catch(() => {});
    return result;
  }
}

const numbersOf = (header: BlockHeader): Omit<NamedDrop, "cause"> => ({
  incarnation: header.incarnation,
  from: header.from,
  to: lastNumber(header),
});

const lastNumber = ({ from, lines }: BlockHeader): number => from + lines - 1;

const isWithin = (sums: BatchLimits, limits: BatchLimits): boolean =>
  sums.records <= limits.records && sums.rawBytes <= limits.rawBytes && sums.bytes <= limits.bytes;

const emptyBlock = (ledger: LedgerState, atMs: number): NewBlock => ({
  ledger,
  lines: 0,
  records: 0,
  rawBytes: 0,
  atMs,
  body: Buffer.alloc(0),
});

/** Without a cursor that fits, all there is is sent again. */
function startingAt(cursor: Cursor | undefined, segments: readonly Segment[], { window }: LedgerState): Cursor {
  const segment = segments[0]?.number ?? 1;
  if (cursor === undefined) return { segment, offset: 0, delivered: window.delivered, incarnation: "", sentTo: 0 };
  return cursor.segment < segment ? { ...cursor, segment, offset: 0 } : cursor;
}

/** What the last whole block of all says; undefined when there is none. */
async function lastLedger(segments: readonly Segment[]): Promise<LedgerState | undefined> {
  for (const { path, bytes } of segments.toReversed()) {
    let ledger: LedgerState | undefined;
    for await (const part of readSegment(path, 0, bytes)) if ("block" in part) ledger = part.block.header.ledger;
    if (ledger !== undefined) return ledger;
  }
  return undefined;
}

/** So that a new file is found in it after a power failure. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
