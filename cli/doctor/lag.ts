import { bad, type Finding, warn } from "#cli/doctor/finding.ts";

/** A batch takes a second or two, and one that must come again a few more. */
const LATE_MS = 60_000;
/** From here on the alarm of the consumer tells it too. */
const VERY_LATE_MS = 5 * 60_000;

/** What it means that the oldest record that is not indexed has waited so long; nothing while that is usual. */
export function lagFindings(part: string, shard: string, waitedMs: number): readonly Finding[] {
  if (waitedMs < LATE_MS) return [];
  const says = `${shard} has records that have waited ${durationText(waitedMs)} to be indexed`;
  return [waitedMs < VERY_LATE_MS ? warn(part, says, "consumer-behind") : bad(part, says, "consumer-behind")];
}

/** The greatest unit of which there is more than one: `90 s`, `7 min`, `30 h`, `12 days`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
