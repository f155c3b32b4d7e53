import { instantOf } from "#core/haproxy/local-time.ts";
import type { LineContext } from "#core/haproxy/to-record.ts";

/** `22/Nov/2026:01:22:46.` */
const SECOND_LENGTH = 21;
const DATE_LENGTH = 24;
/** Before and after any time of a clock. */
const LONG_AGO_MS = -1e15;
const FAR_AHEAD_MS = 1e15;

/** The instants of dates; as lines come in order, a second is worked out once. */
export class SecondClock {
  #second = "";
  #zone = "";
  #instantMs = 0;

  /** The instant of the date that stands at `at`; undefined when that is none. */
  instantAt(text: string, at: number, { zone, receivedAtMs }: LineContext): number | undefined {
    const hundreds = text.charCodeAt(at + 21) - 48;
    const tens = text.charCodeAt(at + 22) - 48;
    const ones = text.charCodeAt(at + 23) - 48;
    // NaN, past the end of the text, is in no range.
    if (!(isDigit(hundreds) && isDigit(tens) && isDigit(ones))) return undefined;
    const ms = hundreds * 100 + tens * 10 + ones;
    const second = text.slice(at, at + SECOND_LENGTH);
    if (second === this.#second && zone === this.#zone) return this.#instantMs + ms;
    return this.#read(text.slice(at, at + DATE_LENGTH), second, ms, zone, receivedAtMs);
  }

  #read(date: string, second: string, ms: number, zone: string, receivedAtMs: number): number | undefined {
    if (!DATE.test(date)) return undefined;
    const instant = instantOf(date, zone, receivedAtMs);
    // In an hour that a clock repeats, the time of reception decides, of each line anew.
    const isSure = instantOf(date, zone, LONG_AGO_MS) === instantOf(date, zone, FAR_AHEAD_MS);
    if (instant === undefined || !isSure) return instant;
    this.#second = second;
    this.#zone = zone;
    this.#instantMs = instant - ms;
    return instant;
  }
}

const DATE = /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d\.\d{3}$/;

const isDigit = (value: number): boolean => value >= 0 && value <= 9;
