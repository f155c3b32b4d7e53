import type { Clock } from "#core/clock.ts";

/** Shorter than any timeout of the code under test, longer than any of its pauses. */
const LONGEST_PAUSE_MS = 1_100;

/** A clock on which pauses pass at once and timeouts only when the test says so: no test waits, none is in a hurry. */
export interface PatientClock extends Clock {
  /** Every timeout that runs is over. */
  timeOut(): void;
}

export function patientClock(): PatientClock {
  let nowMs = 0;
  const timeouts = new Map<() => void, number>();
  return {
    now: () => nowMs,
    after(ms, action) {
      if (ms <= LONGEST_PAUSE_MS) {
        nowMs += ms;
        const turn = setImmediate(action);
        return () => clearImmediate(turn);
      }
      timeouts.set(action, nowMs + ms);
      return () => timeouts.delete(action);
    },
    timeOut() {
      for (const [action, atMs] of timeouts) {
        nowMs = Math.max(nowMs, atMs);
        timeouts.delete(action);
        action();
      }
    },
  };
}
