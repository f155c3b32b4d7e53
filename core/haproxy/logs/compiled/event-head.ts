import type { Page } from "#core/byte-page.ts";
import { printUtc } from "#core/events/time/utc-text.ts";
import { HEAD_BYTES, ID_BYTES, TIMESTAMP_BYTES } from "#core/events/written-event.ts";
import { eventIdOf, lineNumberOf } from "#core/haproxy/logs/event-id.ts";
import { RECEIPT_BLOCK_LINES, receiptBlockOf } from "#core/haproxy/logs/log-record.ts";

const INCARNATION_LENGTH = 16;
/** What the last three digits of an agent's event id tell of a line's number. */
const LAST_DIGITS = 0x1000;
const HEX_DIGITS = Buffer.from("0123456789abcdef");
const SECOND_MS = 1000;
const ZERO = 0x30;

/**
 * Numbers of an agent's lines whose events' ids differ in the last three digits only, and which are counted together.
 */
interface KnownNumbers {
  readonly incarnation: string;
  readonly from: number;
  /** Not included. */
  readonly to: number;
  /** The number whose id ends with three zeros. */
  readonly base: number;
  readonly block: string | undefined;
}

const NONE: KnownNumbers = { incarnation: "", from: 0, to: 0, base: 0, block: undefined };

/**
 * Writes what each event begins with, its id and its timestamp: of one line to the next only their last digits
 * change.
 */
export class EventHead {
  readonly #page: Page;
  readonly #idEnd: number;
  readonly #end: number;
  #known = NONE;
  #second = Number.NaN;

  /** What is written at `at` must stay there. */
  constructor(page: Page, at: number) {
    this.#page = page;
    this.#idEnd = at + ID_BYTES;
    this.#end = at + HEAD_BYTES;
  }

  /** Answers the block that the line is counted in. */
  writeId(recordId: string): string | undefined {
    const { bytes } = this.#page;
    const known = this.#known;
    const number = lineNumberOf(recordId, known.incarnation);
    if (number >= known.from && number < known.to) {
      const last = number - known.base;
      bytes[this.#idEnd - 3] = HEX_DIGITS[last >> 8] as number;
      bytes[this.#idEnd - 2] = HEX_DIGITS[(last >> 4) & 15] as number;
      bytes[this.#idEnd - 1] = HEX_DIGITS[last & 15] as number;
      return known.block;
    }
    bytes.write(eventIdOf(recordId), this.#idEnd - ID_BYTES, "latin1");
    this.#known = numbersAround(recordId);
    return this.#known.block;
  }

  /** False for a year that has not four digits. */
  writeTimestamp(ms: number): boolean {
    const { bytes } = this.#page;
    const second = Math.floor(ms / SECOND_MS);
    if (this.#second !== second) {
      const text = printUtc(second * SECOND_MS);
      if (text.length !== TIMESTAMP_BYTES) return false;
      bytes.write(text, this.#idEnd, "latin1");
      this.#second = second;
    }
    const rest = ms - second * SECOND_MS;
    bytes[this.#end - 4] = ZERO + Math.floor(rest / 100);
    bytes[this.#end - 3] = ZERO + (Math.floor(rest / 10) % 10);
    bytes[this.#end - 2] = ZERO + (rest % 10);
    return true;
  }
}

function numbersAround(recordId: string): KnownNumbers {
  const block = receiptBlockOf(recordId);
  if (block === undefined) return NONE;
  const incarnation = recordId.slice(0, INCARNATION_LENGTH);
  const number = lineNumberOf(recordId, incarnation);
  const base = number - (number % LAST_DIGITS);
  const first = number - (number % RECEIPT_BLOCK_LINES);
  return {
    incarnation,
    from: Math.max(base, first),
    to: Math.min(base + LAST_DIGITS, first + RECEIPT_BLOCK_LINES),
    base,
    block,
  };
}
