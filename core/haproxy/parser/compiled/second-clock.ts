import { instantOf } from "#core/haproxy/parser/local-time.ts";
import type { LineContext } from "#core/haproxy/parser/to-record.ts";

/** `22/Nov/2026:01:22:46.` */
const SECOND_LENGTH = 21;
const DATE_LENGTH = 24;
const ZERO = 48;
/** Before and after any time of a clock. */
const LONG_AGO_MS = -1e15;
const FAR_AHEAD_MS = 1e15;

/** The instants of dates; as lines come in order, a second is worked out once. */
export class SecondClock {
  readonly #second = new Uint8Array(SECOND_LENGTH);
  #zone = "";
  #instantMs = 0;

  /** The instant of the date that stands at `at` in both; undefined when that is none. */
  instantAt(text: string, bytes: Uint8Array, at: number, { zone, receivedAtMs }: LineContext): number | undefined {
    const hundreds = (bytes[at + 21] as number) - ZERO;
    const tens = (bytes[at + 22] as number) - ZERO;
    const ones = (bytes[at + 23] as number) - ZERO;
    // NaN, past the end of the line, is in no range.
    if (!(isDigit(hundreds) && isDigit(tens) && isDigit(ones))) return undefined;
    const ms = hundreds * 100 + tens * 10 + ones;
    if (zone === this.#zone && this.#isSameSecond(bytes, at)) return this.#instantMs + ms;
    return this.#read(text.slice(at, at + DATE_LENGTH), ms, zone, receivedAtMs);
  }

  /** From its end, where most differ. */
  #isSameSecond(bytes: Uint8Array, at: number): boolean {
    const second = this.#second;
    for (let index = SECOND_LENGTH - 1; index >= 0; index--) if (bytes[at + index] !== second[index]) return false;
    return true;
  }

  #read(date: string, ms: number, zone: string, receivedAtMs: number): number | undefined {
    if (!DATE.test(date)) return undefined;
    const instant = instantOf(date, zone, receivedAtMs);
    // In an hour that a clock repeats, the time of reception decides, of each line anew.
    const isSure = instantOf(date, zone, LONG_AGO_MS) === instantOf(date, zone, FAR_AHEAD_MS);
    if (instant === undefined || !isSure) return instant;
    for (let index = 0; index < SECOND_LENGTH; index++) this.#second[index] = date.charCodeAt(index);
    this.#zone = zone;
    this.#instantMs = instant - ms;
    return instant;
  }
}

const DATE = /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d\.\d{3}$/;

const isDigit = (value: number): boolean => value >= 0 && value <= 9;
