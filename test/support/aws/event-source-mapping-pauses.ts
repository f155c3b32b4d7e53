import type { Clock } from "#core/clock.ts";

/** Thrown out of what was stopped. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}

/** Pauses that can all be ended at once. */
export class Pauses {
  readonly #clock: Clock;
  readonly #running = new Set<() => void>();
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Lets so much time pass; throws `Stopped` when it is stopped before. */
  pause(ms: number): Promise<void> {
    this.throwIfStopped();
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(ms, () => {
        this.#running.delete(stop);
        resolve();
      });
      const stop = () => {
        cancel();
        reject(new Stopped());
      };
      this.#running.add(stop);
    });
  }

  throwIfStopped(): void {
    if (this.#stopped) throw new Stopped();
  }

  stop(): void {
    this.#stopped = true;
    for (const stop of this.#running) stop();
  }
}
