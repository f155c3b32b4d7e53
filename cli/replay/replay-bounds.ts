import { shownAddress } from "#cli/opensearch-target.ts";
import type { ReplayCall } from "#cli/replay/replay-call.ts";
import { UsageError } from "#cli/usage-error.ts";
import { replayableUntil } from "#core/events/records/archive-times.ts";

/** The bounds of a run, fixed when it begins: a run that goes on with it means the same times. */
export interface ReplayBounds {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** What arrived later, an indexer may have yet to meet. */
  readonly arrivedByMs?: number | undefined;
}

/** What was asked for, but for what the indexers have yet to pass. */
export function boundsOf(
  { fromMs, toMs, target }: Pick<ReplayCall, "fromMs" | "toMs" | "target">,
  indexedUntilMs: number | undefined,
  nowMs: number,
): ReplayBounds {
  if (indexedUntilMs !== undefined) {
    const arrivedByMs = replayableUntil(indexedUntilMs, nowMs);
    return { fromMs, toMs: Math.min(toMs ?? Infinity, arrivedByMs), arrivedByMs };
  }
  if (toMs !== undefined) return { fromMs, toMs };
  throw new UsageError(
    `no indexer has been at work in ${shownAddress(target)}: say with --until which events none is going to meet, as no journal holds them any more`,
  );
}
