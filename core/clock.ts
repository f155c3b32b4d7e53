/** Time as the core sees it, so that tests and simulations can make it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs the action once after so many milliseconds; the answer cancels it. */
  after(ms: number, action: () => void): () => void;
}

export const sleep = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve);
  });

/** The machine's clock. Its timers keep the process alive: a function on Lambda that only waits would end otherwise. */
export const systemClock: Clock = {
  now: Date.now,
  after(ms, action) {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};
