import type { Event } from "#core/events/event.ts";
import type { Trigger } from "#core/triggers/trigger.ts";
import { uuidV8Of } from "#core/uuid.ts";

/*
 * A workflow with a period is started by ticks: events that Pulse publishes, and that its trigger matches as it would
 * any other. So they are stored, seen in streams, and can be sent by hand.
 */

export const MIN_PERIOD_MS = 1000;
export const MAX_PERIOD_MS = 31 * 24 * 60 * 60 * 1000;
export const TICK_TYPE = "workflow";

const PERIOD = /^(\d{1,7})(s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `10s` → 10000; undefined where it is no period, or one too short or too long. */
export function readPeriodMs(text: string): number | undefined {
  const [, count, unit] = PERIOD.exec(text) ?? [];
  if (count === undefined || unit === undefined) return undefined;
  const ms = Number(count) * (UNIT_MS[unit] as number);
  return ms >= MIN_PERIOD_MS && ms <= MAX_PERIOD_MS ? ms : undefined;
}

export const tickTags = (workflow: string): readonly string[] => [`workflows:${workflow}`, "ticks"];

/** The instants in (afterMs, upToMs] that are whole periods since 1970, so that whoever asks gets the same ones. */
export function ticksBetween(periodMs: number, afterMs: number, upToMs: number): number[] {
  const ticks: number[] = [];
  for (let tick = (Math.floor(afterMs / periodMs) + 1) * periodMs; tick <= upToMs; tick += periodMs) ticks.push(tick);
  return ticks;
}

/**
 * The tick of a workflow at an instant. Whoever publishes it once more publishes the same event, which is kept once.
 */
export function tickEvent({ namespace, name }: Trigger, atMs: number): Event {
  return {
    id: uuidV8Of(JSON.stringify([namespace, name, atMs])),
    namespace,
    type: TICK_TYPE,
    tags: ["workflows", ...tickTags(name)],
    timestamp: new Date(atMs).toISOString(),
    timestampMs: atMs,
    receivedAtMs: atMs,
  };
}
