import { instantOf, instantOfZoned } from "#core/haproxy/parser/local-time.ts";

const MS_PER_SECOND = 1000;

/**
 * The date of the request before that of the connection, and what says its milliseconds or zone before what does not.
 */
const DATES = ["tr", "t", "trl", "trg", "Tl", "T"];
/** Dates of the connection, as `%ms` is. */
const ACCEPT_DATES = new Set(["Tl", "T"]);

/**
 * The instant that a line tells, from the values printed for HAProxy's names; undefined when it tells none, "no date"
 * when what should be one is not.
 */
export function lineTime(
  printed: (name: string) => string | undefined,
  { zone, receivedAtMs }: { readonly zone: string; readonly receivedAtMs: number },
): number | "no date" | undefined {
  const name = DATES.find((date) => printed(date) !== undefined);
  const ms = Number(printed("ms") ?? 0);
  if (name === undefined) {
    const seconds = Number(printed("Ts") ?? Number.NaN);
    return Number.isFinite(seconds) && Number.isFinite(ms) ? seconds * MS_PER_SECOND + ms : undefined;
  }
  const date = printed(name) as string;
  const instant = name === "tr" || name === "t" ? instantOf(date, zone, receivedAtMs) : instantOfZoned(date);
  if (instant === undefined) return "no date";
  return ACCEPT_DATES.has(name) && Number.isFinite(ms) ? instant + ms : instant;
}
