import type { Clock } from "#core/clock.ts";

/** A running copy of a function, with a clock that may be wrong; it may be stopped or killed wherever it waits. */
export class SimulatedProcess {
  /** Which function it is a copy of. */
  readonly role: string;
  readonly name: string;
  readonly clock: Clock;
  readonly #time: Clock;
  readonly #onDeath: (() => void)[] = [];
  #alive = true;
  #stopFromMs = 0;
  #stopToMs = 0;

  constructor(role: string, number: number, time: Clock, skewMs: number) {
    this.role = role;
    this.name = `${role} ${number}`;
    this.#time = time;
    this.clock = {
      now: () => time.now() + skewMs,
      after: (ms, action) =>
        time.after(ms, () => {
          if (this.#alive) action();
        }),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const action of this.#onDeath) action();
  }

  onDeath(action: () => void): void {
    this.#onDeath.push(action);
  }

  /** What comes of the process's work; undefined if it is killed before, or takes longer. */
  outcomeOf<Result>(work: Promise<Result>, patienceMs: number): Promise<Result | undefined> {
    return new Promise((resolve, reject) => {
      const cancel = this.#time.after(patienceMs, () => resolve(undefined));
      this.onDeath(() => resolve(undefined));
      work.then(resolve, reject).finally(cancel);
    });
  }

  /** Does nothing in that time, by no clock of its own; then it goes on as if nothing had been. */
  stop(fromMs: number, toMs: number): void {
    this.#stopFromMs = fromMs;
    this.#stopToMs = toMs;
  }

  /** How long it will do nothing now. */
  stoppedForMs(nowMs: number): number {
    return this.#stopFromMs <= nowMs ? Math.max(0, this.#stopToMs - nowMs) : 0;
  }
}

/** What a process that was killed gets. */
export const never = <Nothing>(): Promise<Nothing> => new Promise(() => {});
