import { DAY_MS } from "#core/events/time/calendar.ts";

/** How a clock is wrong that cannot be right. */
export type ClockFault = "ahead" | "behind";

/** The instant of a line's event. */
export interface LineClock {
  readonly timestampMs: number;
  readonly clock: ClockFault | undefined;
}

/** What the line says, where it says it and can be right; else the time it was received. */
export function readLineClock(printedMs: number | undefined, receivedAtMs: number): LineClock {
  if (printedMs === undefined) return { timestampMs: receivedAtMs, clock: undefined };
  const clock = clockFault(printedMs, receivedAtMs);
  return { timestampMs: clock === undefined ? printedMs : receivedAtMs, clock };
}

const FURTHEST_AHEAD_MS = DAY_MS;
const FURTHEST_BEHIND_MS = 366 * DAY_MS;

/**
 * A clock that shows another year, or tomorrow, tells nothing: such lines would be the newest for ever, or never found.
 * Lines of an old file may well be months behind.
 */
function clockFault(printedMs: number, receivedAtMs: number): ClockFault | undefined {
  if (printedMs - receivedAtMs > FURTHEST_AHEAD_MS) return "ahead";
  return receivedAtMs - printedMs > FURTHEST_BEHIND_MS ? "behind" : undefined;
}
