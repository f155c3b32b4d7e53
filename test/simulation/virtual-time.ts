import type { Clock } from "#core/clock.ts";

interface Timer {
  readonly atMs: number;
  readonly made: number;
  readonly action: () => void;
}

/** Only what goes round in circles looks at a clock so often in one moment. */
const MOST_LOOKS = 100_000;

/**
 * Time in whole milliseconds that goes on to the next timer when all that the last one set off
 * has come to rest: one seed has one course.
 */
export class VirtualTime implements Clock {
  #nowMs: number;
  #made = 0;
  /** How often it was asked for at this moment. */
  #looks = 0;
  /** The next one last. */
  readonly #timers: Timer[] = [];

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  now(): number {
    if (++this.#looks > MOST_LOOKS) throw new Error("time is asked for over and over, and cannot pass");
    return this.#nowMs;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.ceil(Math.max(0, ms)), made: this.#made++, action };
    this.#timers.splice(this.#placeOf(timer), 0, timer);
    return () => {
      const place = this.#timers.indexOf(timer);
      if (place >= 0) this.#timers.splice(place, 1);
    };
  }

  /** Lets time pass until the test holds, but not longer; whether it held. */
  passUntil(isOver: () => boolean, mostMs: number): Promise<boolean> {
    const endMs = this.#nowMs + mostMs;
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          if (isOver()) resolve(true);
          // Every promise that can go on goes on before the next turn.
          else if (this.#runNext(endMs)) setImmediate(turn);
          else resolve(false);
        } catch (error) {
          reject(error);
        }
      };
      setImmediate(turn);
    });
  }

  async pass(ms: number): Promise<void> {
    await this.passUntil(() => false, ms);
  }

  /** The next timer, if it is due by then; if not, it is that time. */
  #runNext(endMs: number): boolean {
    const next = this.#timers.at(-1);
    if (next === undefined || next.atMs > endMs) {
      this.#nowMs = endMs;
      return false;
    }
    this.#timers.pop();
    this.#nowMs = next.atMs;
    this.#looks = 0;
    next.action();
    return true;
  }

  /** Behind all that come later; of those that come together, the one made first comes first. */
  #placeOf({ atMs }: Timer): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#timers[middle] as Timer).atMs > atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
