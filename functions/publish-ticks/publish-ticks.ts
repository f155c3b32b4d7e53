import { type Clock, sleep } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import { appendAgain, type Journal } from "#core/events/append-again.ts";
import type { Event } from "#core/events/event.ts";
import { tickEvent, ticksBetween } from "#core/triggers/period.ts";
import type { TriggerCatalog } from "#core/triggers/trigger-catalog.ts";

export interface PublishTicksOptions {
  readonly catalog: Pick<TriggerCatalog, "list">;
  readonly journal: Journal<Event>;
  readonly clock: Clock;
}

/** What EventBridge says of a scheduled call: for when it is. */
export interface ScheduledCall {
  readonly time: string;
}

const MINUTE_MS = 60_000;

/**
 * Called each minute: publishes the ticks of the minute that begins with the call's, each when its time has come. A
 * call that is repeated publishes the same events. Ticks of a call that came too late are published at once, those of
 * one that never came are not made up for.
 */
export const publishTicksHandler =
  ({ catalog, journal, clock }: PublishTicksOptions) =>
  async ({ time }: ScheduledCall): Promise<void> => {
    const fromMs = Math.floor(Date.parse(time) / MINUTE_MS) * MINUTE_MS;
    const { periodic } = await catalog.list();
    const ticks = periodic
      .flatMap((workflow) =>
        // The first instant belongs to the minute, the last one to the next.
        ticksBetween(workflow.periodMs as number, fromMs - 1, fromMs + MINUTE_MS - 1).map((atMs) => ({
          atMs,
          event: tickEvent(workflow, atMs),
        })),
      )
      .sort((one, other) => one.atMs - other.atMs);
    for (let next = 0; next < ticks.length; ) {
      const atMs = ticks[next]?.atMs as number;
      const due = ticks.slice(next).filter((tick) => tick.atMs === atMs);
      next += due.length;
      // Never longer than its minute: a clock that was put back must not hold the function.
      const waitMs = Math.min(atMs - clock.now(), MINUTE_MS);
      if (waitMs > 0) await sleep(clock, waitMs);
      const { notTaken, reason } = await appendAgain(
        journal,
        due.map(({ event }) => event),
        clock,
      );
      if (notTaken.size > 0) throw new PulseError("unavailable", `ticks were not published: ${reason}`);
    }
  };
