/** When there are too few instances, and when too many. */
export interface Bounds {
  /** Slower than this, and there is one more. */
  readonly aboveMs: number;
  /** Faster than this, and there is one less. */
  readonly belowMs: number;
  readonly least: number;
  readonly most: number;
  /** How long a change takes to show: what was measured sooner tells nothing of it. */
  readonly settleMs: number;
}

/** What was measured, and how many instances there have been since when. */
export interface Situation {
  readonly responseTimeMs: number;
  readonly measuredAtMs: number;
  readonly instances: number;
  readonly changedAtMs: number;
}

/**
 * How many instances there should be. A measurement counts for one change at most: those from before a change, and so
 * those that are delivered twice, decide nothing any more.
 */
export function decideScale(situation: Situation, bounds: Bounds): number {
  const { responseTimeMs, measuredAtMs, instances, changedAtMs } = situation;
  if (measuredAtMs <= changedAtMs + bounds.settleMs) return instances;
  if (responseTimeMs > bounds.aboveMs) return Math.min(instances + 1, bounds.most);
  // Of no requests the response time is 0.
  if (responseTimeMs < bounds.belowMs) return Math.max(instances - 1, bounds.least);
  return instances;
}
