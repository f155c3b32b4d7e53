import { DAY_MS } from "#core/events/time/calendar.ts";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";

/**
 * Events of the type that were received before this instant are forgotten: a period (a day or a month, in UTC) goes as
 * a whole, once all of it is longer ago than the type is retained.
 */
export function forgottenBefore(
  { period, retentionDays }: Pick<EventTypeDeclaration, "period" | "retentionDays">,
  nowMs: number,
): number {
  const keptFrom = new Date(nowMs - retentionDays * DAY_MS);
  return Date.UTC(keptFrom.getUTCFullYear(), keptFrom.getUTCMonth(), period === "day" ? keptFrom.getUTCDate() : 1);
}
