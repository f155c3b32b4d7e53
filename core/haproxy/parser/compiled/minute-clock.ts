import { instantOf } from "#core/haproxy/parser/local-time.ts";
import type { LineContext } from "#core/haproxy/parser/to-record.ts";

/** `22/Nov/2026:01:22:` of `22/Nov/2026:01:22:46.321`. */
const MINUTE_LENGTH = 18;
const DATE_LENGTH = 24;
const ZERO = 48;
const DOT = 46;
const SECOND_MS = 1000;
/** Before and after any time of a clock. */
const LONG_AGO_MS = -1e15;
const FAR_AHEAD_MS = 1e15;

/**
 * The instants of dates. Lines come in order, and clocks are put forward or back at whole minutes: each is worked out
 * once.
 */
export class MinuteClock {
  readonly #minute = new Uint8Array(MINUTE_LENGTH);
  #zone = "";
  #instantMs = 0;

  /** The instant of the date that stands at `at` in both; undefined when that is none. */
  instantAt(text: string, bytes: Uint8Array, at: number, context: LineContext): number | undefined {
    const ms = this.#msOfMinute(bytes, at + MINUTE_LENGTH);
    if (ms === undefined) return undefined;
    if (context.zone === this.#zone && this.#isSameMinute(bytes, at)) return this.#instantMs + ms;
    return this.#read(text.slice(at, at + DATE_LENGTH), ms, context);
  }

  /** Of `46.321`. Past the end of the line there is NaN, which is in no range. */
  #msOfMinute(bytes: Uint8Array, at: number): number | undefined {
    const tens = (bytes[at] as number) - ZERO;
    const ones = (bytes[at + 1] as number) - ZERO;
    const a = (bytes[at + 3] as number) - ZERO;
    const b = (bytes[at + 4] as number) - ZERO;
    const c = (bytes[at + 5] as number) - ZERO;
    const isSecond = tens >= 0 && tens <= 5 && isDigit(ones) && bytes[at + 2] === DOT;
    if (!(isSecond && isDigit(a) && isDigit(b) && isDigit(c))) return undefined;
    return (tens * 10 + ones) * SECOND_MS + a * 100 + b * 10 + c;
  }

  /** From its end, where most differ. */
  #isSameMinute(bytes: Uint8Array, at: number): boolean {
    const minute = this.#minute;
    for (let index = MINUTE_LENGTH - 1; index >= 0; index--) if (bytes[at + index] !== minute[index]) return false;
    return true;
  }

  #read(date: string, ms: number, { zone, receivedAtMs }: LineContext): number | undefined {
    if (!DATE.test(date)) return undefined;
    const instant = instantOf(date, zone, receivedAtMs);
    // In an hour that a clock repeats, the time of reception decides, of each line anew.
    const isSure = instantOf(date, zone, LONG_AGO_MS) === instantOf(date, zone, FAR_AHEAD_MS);
    if (instant === undefined || !isSure) return instant;
    for (let index = 0; index < MINUTE_LENGTH; index++) this.#minute[index] = date.charCodeAt(index);
    this.#zone = zone;
    this.#instantMs = instant - ms;
    return instant;
  }
}

const DATE = /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d\.\d{3}$/;

const isDigit = (value: number): boolean => value >= 0 && value <= 9;
