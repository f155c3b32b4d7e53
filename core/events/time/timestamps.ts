import type { Fault } from "#core/errors.ts";
import { DAY_MS, daysInMonth, FURTHEST_MS, fromDays, toDays } from "#core/events/time/calendar.ts";
import { applyDateMath, type Moment, plusMs, type Rounding, toMoment } from "#core/events/time/date-math.ts";
import { quote } from "#core/faults.ts";

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;
/** 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z. */
const FIRST_MS = toDays({ year: 0, month: 1, day: 1 }) * DAY_MS;
const LAST_MS = toDays({ year: 10_000, month: 1, day: 1 }) * DAY_MS - 1;

/**
 * The instant of an event's timestamp, in milliseconds since 1970; finer digits are cut off. Takes RFC 3339 with up to
 * nine digits of a second, for instants of the years 0000 to 9999 in UTC; undefined for any other text. A leap second
 * counts as the second after it, and stands only where one can be: at the end of a month in UTC.
 */
export function parseTimestamp(text: string): number | undefined {
  if (!TIMESTAMP.test(text)) return undefined;
  const year = numberAt(text, 0, 4);
  const month = numberAt(text, 5, 7);
  const day = numberAt(text, 8, 10);
  const hour = numberAt(text, 11, 13);
  const minute = numberAt(text, 14, 16);
  const second = numberAt(text, 17, 19);
  if (!isDate(year, month, day) || hour > 23 || minute > 59 || second > 60) return undefined;

  const isUtc = (text.charCodeAt(text.length - 1) | LOWER_CASE) === LETTER_Z;
  const zoneAt = text.length - (isUtc ? 1 : 6);
  let offsetMinutes = 0;
  if (!isUtc) {
    const hours = numberAt(text, zoneAt + 1, zoneAt + 3);
    const minutes = numberAt(text, zoneAt + 4, zoneAt + 6);
    if (hours > 23 || minutes > 59) return undefined;
    offsetMinutes = (text.charCodeAt(zoneAt) === MINUS ? -1 : 1) * (hours * 60 + minutes);
  }

  const wholeSeconds = toDays({ year, month, day }) * 86_400 + (hour * 60 + minute - offsetMinutes) * 60 + second;
  if (second === 60 && !isMonthStart(wholeSeconds)) return undefined;
  const ms = wholeSeconds * 1000 + millisecondsAt(text, 20, zoneAt);
  return ms >= FIRST_MS && ms <= LAST_MS ? ms : undefined;
}

const ZERO = 0x30;
const MINUS = 0x2d;
const LOWER_CASE = 0x20;
const LETTER_Z = 0x7a;

function numberAt(digits: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) number = number * 10 + digits.charCodeAt(at) - ZERO;
  return number;
}

/** The first three of the digits after a decimal point. */
function millisecondsAt(text: string, from: number, to: number): number {
  let ms = 0;
  for (let at = from; at < from + 3; at++) ms = ms * 10 + (at < to ? text.charCodeAt(at) - ZERO : 0);
  return ms;
}

const isDate = (year: number, month: number, day: number): boolean =>
  month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);

const isMonthStart = (seconds: number): boolean => seconds % 86_400 === 0 && fromDays(seconds / 86_400).day === 1;

const DATE = /(?<year>\d{4}|-\d{4,9})(?:-(?<month>\d\d)(?:-(?<day>\d\d))?)?/;
const TIME = /(?<hour>\d\d)(?::(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d{1,9}))?)?)?/;
const ZONE = /(?<zone>Z|[+-]\d\d(?::?\d\d|:\d\d:\d\d)?)?/;
const BOUND = new RegExp(`^${DATE.source}(?:T(?:${TIME.source}${ZONE.source})?)?$`);

const MAX_OFFSET_SECONDS = 18 * 3600;

/**
 * The instant of a bound of a time range, in milliseconds since 1970, as OpenSearch 3.4 reads it in a range query under
 * `strict_date_optional_time`: a date, any of its later parts missing, or `now`, and on both date math (behind `||`
 * after a date). "up" completes a time and rounds with the unit's last millisecond, "down" with its first; a missing
 * month or day is 01. Undefined for any other text, and for what OpenSearch takes by accident: days that a month has
 * not, 24 o'clock, a time in a bare year, a zone or fraction twice, zones by name, digits of other scripts.
 */
export function parseInstant(text: string, rounding: Rounding, nowMs: number): number | undefined {
  const moment = readBound(text, rounding, nowMs);
  if (moment === undefined) return undefined;
  // A bound beyond what Date holds means no more than one that it holds: events end with the year 9999.
  return Math.max(-FURTHEST_MS, Math.min(FURTHEST_MS, moment.days * DAY_MS + moment.ms));
}

function readBound(text: string, rounding: Rounding, nowMs: number): Moment | undefined {
  if (text.startsWith("now")) return applyDateMath(text.slice("now".length), toMoment(nowMs), rounding);
  const bars = text.indexOf("||");
  if (bars === -1) return readDate(text, rounding);
  const anchor = readDate(text.slice(0, bars), "down");
  return anchor && applyDateMath(text.slice(bars + "||".length), anchor, rounding);
}

function readDate(text: string, rounding: Rounding): Moment | undefined {
  const parts = BOUND.exec(text)?.groups;
  if (parts === undefined || (parts.hour !== undefined && parts.month === undefined)) return undefined;
  const missing =
    rounding === "up" ? { hour: 23, sixtieth: 59, fraction: "999" } : { hour: 0, sixtieth: 0, fraction: "" };
  const year = Number(parts.year);
  const month = Number(parts.month ?? 1);
  const day = Number(parts.day ?? 1);
  const hour = Number(parts.hour ?? missing.hour);
  const minute = Number(parts.minute ?? missing.sixtieth);
  const second = Number(parts.second ?? missing.sixtieth);
  const ms = Number((parts.fraction ?? missing.fraction).slice(0, 3).padEnd(3, "0"));
  const offset = offsetSeconds(parts.zone);
  if (Object.is(year, -0) || !isDate(year, month, day) || hour > 23 || minute > 59 || second > 59) return undefined;
  if (offset === undefined) return undefined;
  const sinceMidnight = (hour * 3600 + minute * 60 + second - offset) * 1000 + ms;
  return plusMs({ days: toDays({ year, month, day }), ms: 0 }, sinceMidnight);
}

function offsetSeconds(zone = "Z"): number | undefined {
  const digits = zone.slice(1).replaceAll(":", "").padEnd(6, "0");
  const [minutes, seconds] = [numberAt(digits, 2, 4), numberAt(digits, 4, 6)];
  const offset = numberAt(digits, 0, 2) * 3600 + minutes * 60 + seconds;
  if (minutes > 59 || seconds > 59 || offset > MAX_OFFSET_SECONDS) return undefined;
  return zone.startsWith("-") ? -offset : offset;
}

/** A time range as asked. */
export interface TimeRange {
  readonly gte?: string | undefined;
  readonly gt?: string | undefined;
  readonly lt?: string | undefined;
  readonly lte?: string | undefined;
}

/** Instants in milliseconds since 1970, both inclusive; none where the range is open. */
export interface TimeBounds {
  readonly fromMs?: number;
  readonly toMs?: number;
}

const ACCEPTED =
  "a time (2020-01-31T10:00:00Z), the beginning of one (2020-01) or date math (now-1h, now/d, 2020-01||+1M/d)";

/** The bounds of a range, or everything that is wrong with it, the pointers being `/gte`, `/gt`, `/lt`, `/lte`. */
export function toBounds(range: TimeRange, nowMs: number): TimeBounds | { readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const read = (key: keyof TimeRange, rounding: Rounding): number | undefined => {
    const text = range[key];
    if (text === undefined) return undefined;
    const instant = parseInstant(text, rounding, nowMs);
    if (instant === undefined) faults.push({ pointer: `/${key}`, detail: `must be ${ACCEPTED}, not ${quote(text)}` });
    return instant;
  };
  const [gte, gt, lt, lte] = [read("gte", "down"), read("gt", "up"), read("lt", "down"), read("lte", "up")];
  if (range.gte !== undefined && range.gt !== undefined)
    faults.push({ pointer: "/gt", detail: "must not stand beside gte" });
  if (range.lte !== undefined && range.lt !== undefined)
    faults.push({ pointer: "/lt", detail: "must not stand beside lte" });
  if (faults.length > 0) return { faults };
  const fromMs = gt === undefined ? gte : gt + 1;
  const toMs = lt === undefined ? lte : lt - 1;
  return { ...(fromMs !== undefined && { fromMs }), ...(toMs !== undefined && { toMs }) };
}
