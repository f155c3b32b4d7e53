import type { Event } from "#core/events/event.ts";
import { tickEvent, ticksBetween } from "#core/triggers/period.ts";
import type { TriggerCatalog } from "#core/triggers/trigger-catalog.ts";

export interface TickRound {
  readonly catalog: Pick<TriggerCatalog, "list">;
  readonly publish: (events: readonly Event[]) => Promise<void>;
  /** Ticks after this instant, up to and with that one. */
  readonly afterMs: number;
  readonly upToMs: number;
}

/**
 * Publishes the ticks that fell due, of each workflow the last one alone: after a pause, or a clock that was put
 * forward, nothing is made up for. A clock that was put back publishes nothing until the next round.
 */
export async function publishTicks({ catalog, publish, afterMs, upToMs }: TickRound): Promise<void> {
  if (upToMs <= afterMs) return;
  const { periodic } = await catalog.list();
  const ticks = periodic.flatMap((workflow) => {
    const period = workflow.periodMs as number;
    // Only the last period: a span of years must not make a list of its ticks.
    const last = ticksBetween(period, Math.max(afterMs, upToMs - period), upToMs).at(-1);
    return last === undefined ? [] : [tickEvent(workflow, last)];
  });
  if (ticks.length > 0) await publish(ticks);
}
