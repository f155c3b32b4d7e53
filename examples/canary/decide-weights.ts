/** Of a gateway's two routes: how much of all requests the canary gets, in percent, and since when. */
export interface Rollout {
  readonly canaryPercent: number;
  readonly changedAtMs: number;
}

/** The newest health of the canary's route, if there is any: 1 is well, 0 is not. */
export interface Health {
  readonly value: number;
  readonly measuredAtMs: number;
}

export interface Pace {
  readonly stepPercent: number;
  /** How long a step is watched before the next one. */
  readonly settleMs: number;
}

/**
 * How much the canary should get. A canary that is not well gets nothing, at once, and for good: who has
 * mended it gives it a share again by hand. One that is well gets a step more each time that its health
 * was measured long enough after the last.
 */
export function decideCanary({ canaryPercent, changedAtMs }: Rollout, health: Health | undefined, pace: Pace): number {
  const isOver = canaryPercent <= 0 || canaryPercent >= 100;
  if (isOver || health === undefined || health.measuredAtMs <= changedAtMs) return canaryPercent;
  if (health.value < 1) return 0;
  if (health.measuredAtMs <= changedAtMs + pace.settleMs) return canaryPercent;
  return Math.min(100, canaryPercent + pace.stepPercent);
}
