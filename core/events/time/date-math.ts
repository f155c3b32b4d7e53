import { DAY_MS, daysInMonth, fromDays, toDays } from "#core/events/time/calendar.ts";

/**
 * A point in time, in UTC: days since 1970 and the milliseconds of that day. Exact where a count of ms no longer is.
 */
export interface Moment {
  readonly days: number;
  readonly ms: number;
}

/** Which end of a unit a rounding gives: its first millisecond or its last. */
export type Rounding = "down" | "up";

type Unit = "y" | "M" | "w" | "d" | "h" | "H" | "m" | "s";

const OPERATION = /([+\-/])(\d*)([yMwdhHms])/gy;
const MAX_COUNT = 2 ** 31 - 1;
/** The years of java.time: OpenSearch refuses what leads out of them. */
const FIRST_DAY = toDays({ year: -999_999_999, month: 1, day: 1 });
const LAST_DAY = toDays({ year: 999_999_999, month: 12, day: 31 });

const UNIT_MS = { h: 3_600_000, H: 3_600_000, m: 60_000, s: 1000 } as const;

export const toMoment = (ms: number): Moment => plusMs({ days: 0, ms: 0 }, Math.floor(ms));

export function plusMs(moment: Moment, ms: number): Moment {
  const sum = moment.ms + ms;
  const days = Math.floor(sum / DAY_MS);
  return { days: moment.days + days, ms: sum - days * DAY_MS };
}

/**
 * Applies OpenSearch's date math (`+1M/d`: add and subtract counts of a unit, `/` rounds to one) from left to right;
 * undefined when it is none.
 */
export function applyDateMath(math: string, start: Moment, rounding: Rounding): Moment | undefined {
  let moment = start;
  let end = 0;
  for (const [operation, operator, digits, letter] of math.matchAll(OPERATION)) {
    const count = digits === "" ? 1 : Number(digits);
    const unit = letter as Unit;
    if (count > MAX_COUNT || (operator === "/" && count !== 1)) return undefined;
    moment = operator === "/" ? round(moment, unit, rounding) : plus(moment, unit, operator === "-" ? -count : count);
    if (moment.days < FIRST_DAY || moment.days > LAST_DAY) return undefined;
    end += operation.length;
  }
  return end === math.length ? moment : undefined;
}

function plus(moment: Moment, unit: Unit, count: number): Moment {
  switch (unit) {
    case "y":
      return plusMonths(moment, 12 * count);
    case "M":
      return plusMonths(moment, count);
    case "w":
      return { ...moment, days: moment.days + 7 * count };
    case "d":
      return { ...moment, days: moment.days + count };
    default:
      return plusMs(moment, count * UNIT_MS[unit]);
  }
}

/** A day that the month has not becomes its last one. */
function plusMonths({ days, ms }: Moment, count: number): Moment {
  const date = fromDays(days);
  const months = date.year * 12 + date.month - 1 + count;
  const year = Math.floor(months / 12);
  const month = months - year * 12 + 1;
  return { days: toDays({ year, month, day: Math.min(date.day, daysInMonth(year, month)) }), ms };
}

const round = (moment: Moment, unit: Unit, rounding: Rounding): Moment => {
  const start = startOf(moment, unit);
  return rounding === "down" ? start : plusMs(plus(start, unit, 1), -1);
};

function startOf({ days, ms }: Moment, unit: Unit): Moment {
  switch (unit) {
    case "y":
      return { days: toDays({ year: fromDays(days).year, month: 1, day: 1 }), ms: 0 };
    case "M":
      return { days: days - fromDays(days).day + 1, ms: 0 };
    case "w":
      return { days: days - daysSinceMonday(days), ms: 0 };
    case "d":
      return { days, ms: 0 };
    default:
      return { days, ms: ms - (ms % UNIT_MS[unit]) };
  }
}

/** 1970-01-01 was a Thursday. */
const daysSinceMonday = (days: number): number => (((days + 3) % 7) + 7) % 7;
