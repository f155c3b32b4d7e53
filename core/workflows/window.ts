/** A stretch of time, in milliseconds since 1970: `fromMs` belongs to it, `toMs` no more. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** When windows end, how long they are, and when they are measured. */
export interface Rhythm {
  /** Windows end at the multiples of this, counted from 1970. */
  readonly everyMs: number;
  readonly windowMs: number;
  /** How long after its end a window is measured: what is readable later does not count any more. */
  readonly graceMs: number;
  /** How far back windows are measured that nobody measured in time. */
  readonly catchUpMs: number;
}

/**
 * For what is called once a minute, or about that: each call measures two windows. An event is readable some seconds
 * after its line was received: the journal is read each second, and an agent sends what it has each second.
 */
export const TWO_A_MINUTE: Rhythm = {
  everyMs: 30_000,
  windowMs: 30_000,
  graceMs: 15_000,
  catchUpMs: 15 * 60_000,
};

/** Windows to be measured, oldest first, and the stretch before them that is given up, if there is one. */
export interface DueWindows {
  readonly windows: readonly Window[];
  readonly givenUp?: Window;
}

/** The windows that end after the last one that was measured, and a grace before now. */
export function dueWindows(rhythm: Rhythm, nowMs: number, lastEndMs: number | undefined): DueWindows {
  const { everyMs, windowMs, graceMs, catchUpMs } = rhythm;
  const endBefore = (ms: number): number => Math.floor(ms / everyMs) * everyMs;
  const newestMs = endBefore(nowMs - graceMs);
  const furthestMs = endBefore(newestMs - catchUpMs) + everyMs;
  const wantedMs = lastEndMs === undefined ? furthestMs : endBefore(lastEndMs) + everyMs;
  const windows: Window[] = [];
  for (let toMs = Math.max(wantedMs, furthestMs); toMs <= newestMs; toMs += everyMs)
    windows.push({ fromMs: toMs - windowMs, toMs });
  if (lastEndMs === undefined || wantedMs >= furthestMs) return { windows };
  return { windows, givenUp: { fromMs: lastEndMs, toMs: furthestMs - everyMs } };
}
