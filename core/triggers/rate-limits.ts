import { type Trigger, triggerId } from "#core/triggers/trigger.ts";

/** How much a trigger may take at once after a rest, in seconds of its rate. */
const BURST_SECONDS = 10;

export const RATE_PAUSE_MS = 60_000;

/** What is known of a trigger's rate: a bucket that fills with time, and whether it is paused. */
interface RateState {
  readonly tokens: number;
  readonly atMs: number;
  readonly pausedUntilMs?: number;
  /** Events that the pause has cost. */
  readonly leftOut: number;
}

/** What becomes of an event. `paused` and `resumed` are said once each. */
export type Admission =
  | { readonly admitted: true; readonly resumedWithout?: number }
  | { readonly admitted: false; readonly pausedUntilMs?: number };

/**
 * Admissions that count only when they are settled, so that events which could not
 * be handed on, and come again, count once.
 */
export interface RateDraft {
  admit(trigger: Trigger, atMs: number): Admission;
  settle(): void;
}

/**
 * Holds triggers to their rates. The time is that at which events were accepted, not the clock's: what piled up while a
 * consumer was down is not taken for a flood, and every run over the same events decides alike.
 */
export class RateLimits {
  readonly #states = new Map<string, RateState>();

  draft(): RateDraft {
    const changed = new Map<string, RateState>();
    return {
      admit: (trigger, atMs) => {
        const id = triggerId(trigger);
        const { state, admission } = decide(changed.get(id) ?? this.#states.get(id), trigger.ratePerSecond, atMs);
        changed.set(id, state);
        return admission;
      },
      settle: () => {
        for (const [id, state] of changed) this.#states.set(id, state);
      },
    };
  }
}

function decide(
  held: RateState | undefined,
  ratePerSecond: number,
  atMs: number,
): { readonly state: RateState; readonly admission: Admission } {
  const full = Math.max(1, ratePerSecond * BURST_SECONDS);
  if (held?.pausedUntilMs !== undefined) {
    if (atMs < held.pausedUntilMs && atMs > held.pausedUntilMs - 2 * RATE_PAUSE_MS)
      return { state: { ...held, leftOut: held.leftOut + 1 }, admission: { admitted: false } };
    return {
      state: { tokens: full - 1, atMs, leftOut: 0 },
      admission: { admitted: true, resumedWithout: held.leftOut },
    };
  }
  const { tokens: left, atMs: lastMs } = held ?? { tokens: full, atMs };
  // Events are not quite in the order of their times: time never runs back here, unless a clock was put back for good.
  const nowMs = atMs < lastMs - RATE_PAUSE_MS ? atMs : Math.max(atMs, lastMs);
  const tokens = Math.min(full, left + (Math.max(0, nowMs - lastMs) * ratePerSecond) / 1000) - 1;
  if (tokens >= 0) return { state: { tokens, atMs: nowMs, leftOut: 0 }, admission: { admitted: true } };
  const pausedUntilMs = nowMs + RATE_PAUSE_MS;
  return {
    state: { tokens: 0, atMs: nowMs, pausedUntilMs, leftOut: 1 },
    admission: { admitted: false, pausedUntilMs },
  };
}
