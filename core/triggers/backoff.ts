const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Attempts end so long after the delivery was handed on. */
export const DELIVERY_LIFETIME_MS = 24 * HOUR;

/** The longest wait between attempts, whatever a receiver's Retry-After asks for; SQS allows 12 h. */
export const MAX_PAUSE_MS = 6 * HOUR;

/** After the first attempt, after the second, and so on; the last one is repeated. */
const PAUSES_MS = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR];
const JITTER = 0.2;

/**
 * How long to wait after the attempt of that number (1 is the first), give or
 * take a fifth so that not all come at once.
 */
export function pauseAfter(attempt: number, retryAfterMs = 0, random = Math.random): number {
  const pause = PAUSES_MS[Math.min(attempt, PAUSES_MS.length) - 1] ?? (PAUSES_MS[0] as number);
  const jittered = pause * (1 - JITTER + 2 * JITTER * random());
  return Math.round(Math.min(Math.max(jittered, retryAfterMs), MAX_PAUSE_MS));
}
