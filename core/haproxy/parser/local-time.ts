const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const FIXED_OFFSET = /^([+-])(\d\d):?(\d\d)$/;

/**
 * The instant of a date as HAProxy prints it (`22/Nov/2026:01:22:46.321`), which says nothing of its zone: `zone` is
 * an IANA name, a fixed offset (`+01:00`) or `UTC`. An hour that a clock repeats is the one nearer to `receivedAtMs`;
 * one that it skips counts as if it had not. Undefined when there is no such date; throws a RangeError when there is
 * no such zone.
 */
export function instantOf(date: string, zone: string, receivedAtMs: number): number | undefined {
  const localMs = shownMs(date);
  if (localMs === undefined || zone === "UTC") return localMs;
  const fixedMs = fixedOffsetMs(zone);
  return fixedMs === undefined ? instantIn(zone, localMs, receivedAtMs) : localMs - fixedMs;
}

/** The instant of a date with its zone: `22/Nov/2026:01:22:46 +0000`. */
export function instantOfZoned(date: string): number | undefined {
  const localMs = shownMs(date.slice(0, 20));
  const offset = fixedOffsetMs(date.slice(21));
  return localMs === undefined || offset === undefined ? undefined : localMs - offset;
}

/** What a date shows, with milliseconds or without, read as if it were UTC. */
function shownMs(date: string): number | undefined {
  const month = MONTHS.indexOf(date.slice(3, 6));
  if (month % 3 !== 0) return undefined;
  const number = (from: number, to: number): number => Number(date.slice(from, to));
  const [day, hour, minute, second] = [number(0, 2), number(12, 14), number(15, 17), number(18, 20)];
  const localMs = Date.UTC(number(7, 11), month / 3, day, hour, minute, second, number(21, 24));
  // Date.UTC takes a 31st of February and a 24th hour for the day after.
  if (!(hour < 24 && minute < 60 && second < 60) || new Date(localMs).getUTCDate() !== day) return undefined;
  return localMs;
}

function fixedOffsetMs(zone: string): number | undefined {
  const fixed = FIXED_OFFSET.exec(zone);
  if (fixed === null) return undefined;
  return Number(`${fixed[1]}1`) * (Number(fixed[2]) * HOUR_MS + Number(fixed[3]) * MINUTE_MS);
}

/** Whether dates can be read in that zone. */
export function isZone(zone: string): boolean {
  if (zone === "UTC" || clocks.has(zone)) return true;
  try {
    return instantOf("01/Jan/2026:00:00:00.000", zone, 0) !== undefined;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Offsets change by a jump twice a year: the day before and the day after tell both offsets that can apply. */
function instantIn(zone: string, localMs: number, receivedAtMs: number): number {
  const before = localMs - offsetMs(zone, localMs - DAY_MS);
  const after = localMs - offsetMs(zone, localMs + DAY_MS);
  const isSo = (instant: number): boolean => instant + offsetMs(zone, instant) === localMs;
  if (before === after || !isSo(after)) return before;
  if (!isSo(before)) return after;
  return Math.abs(before - receivedAtMs) <= Math.abs(after - receivedAtMs) ? before : after;
}

const clocks = new Map<string, Intl.DateTimeFormat>();
/**
 * Formatting a date costs microseconds and lines come in order: the offset of each quarter of an hour is asked for
 * once.
 */
const offsets = new Map<string, number>();
const MAX_OFFSETS = 10_000;
const QUARTER_MS = 15 * MINUTE_MS;

/** How far the zone's clock is ahead of UTC at that instant. */
function offsetMs(zone: string, instant: number): number {
  const quarter = Math.floor(instant / QUARTER_MS) * QUARTER_MS;
  const key = `${zone} ${quarter}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  if (offsets.size >= MAX_OFFSETS) offsets.clear();
  const offset = wallClockMs(zone, quarter) - quarter;
  offsets.set(key, offset);
  return offset;
}

/** What the zone's clock shows at that instant, read as if it were UTC. */
function wallClockMs(zone: string, instant: number): number {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "iso8601",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    clocks.set(zone, clock);
  }
  const part: Record<string, number> = {};
  for (const { type, value } of clock.formatToParts(instant)) part[type] = Number(value);
  return Date.UTC(
    part.year as number,
    (part.month as number) - 1,
    part.day as number,
    part.hour as number,
    part.minute as number,
    part.second as number,
  );
}
