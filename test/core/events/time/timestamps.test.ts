import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { parseInstant, parseTimestamp, toBounds } from "#core/events/time/timestamps.ts";
import { aTimeText } from "#test/support/samples/time-texts.ts";

const iso = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : new Date(ms).toISOString());

const FIRST_MS = Date.parse("0000-01-01T00:00:00.000Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");
const anEventMs = fc.integer({ min: FIRST_MS, max: LAST_MS });

/** Any text, and text made of what times are made of. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(..."0123456789-+:.,TZtz/|nowyMwdhHms ") }),
  aTimeText,
);

describe("an event's timestamp", () => {
  test.each([
    ["2015-06-05T15:12:38Z", "2015-06-05T15:12:38.000Z"],
    ["2015-06-05t15:12:38z", "2015-06-05T15:12:38.000Z"],
    ["2015-06-05T15:12:38.7Z", "2015-06-05T15:12:38.700Z"],
    ["2015-06-05T15:12:38.123456789Z", "2015-06-05T15:12:38.123Z"],
    ["2015-06-05T15:12:38.9999Z", "2015-06-05T15:12:38.999Z"],
    ["1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"],
    ["2015-06-05T15:12:38+02:00", "2015-06-05T13:12:38.000Z"],
    ["2015-06-05T00:12:38.5+23:59", "2015-06-04T00:13:38.500Z"],
    ["2015-06-05T15:12:38-00:30", "2015-06-05T15:42:38.000Z"],
    ["2015-06-05T15:12:38-00:00", "2015-06-05T15:12:38.000Z"],
    ["2020-02-29T00:00:00Z", "2020-02-29T00:00:00.000Z"],
    ["0000-02-29T00:00:00Z", "0000-02-29T00:00:00.000Z"],
    ["0099-01-01T00:00:00Z", "0099-01-01T00:00:00.000Z"],
    ["0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999Z"],
    ["2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"],
    ["2016-12-31T23:59:60.25Z", "2017-01-01T00:00:00.250Z"],
    ["2017-01-01T08:59:60+09:00", "2017-01-01T00:00:00.000Z"],
  ])("%s is %s", (text, instant) => {
    expect(iso(parseTimestamp(text))).toBe(instant);
  });

  test.each([
    ["", "nothing"],
    ["2015-06-05", "no time"],
    ["2015-06-05T15:12Z", "no seconds"],
    ["2015-06-05T15:12:38", "no zone"],
    ["2015-06-05 15:12:38Z", "a blank for the T"],
    ["2015-06-05T15:12:38+02", "an offset without minutes"],
    ["2015-06-05T15:12:38+0200", "an offset without a colon"],
    ["2015-06-05T15:12:38+24:00", "an offset of a day"],
    ["2015-06-05T15:12:38+02:60", "an offset with 60 minutes"],
    ["2015-06-05T15:12:38.Z", "a point without digits"],
    ["2015-06-05T15:12:38,5Z", "a decimal comma"],
    ["2015-06-05T15:12:38.1234567890Z", "ten digits of a second"],
    ["2015-06-05T24:00:00Z", "24 o'clock"],
    ["2015-06-05T15:60:00Z", "60 minutes"],
    ["2015-06-05T15:12:61Z", "61 seconds"],
    ["2015-06-05T15:12:60Z", "a leap second in the afternoon"],
    ["2016-12-30T23:59:60Z", "a leap second within a month"],
    ["2016-12-31T23:59:60+01:00", "a leap second at another zone's midnight"],
    ["2015-00-05T15:12:38Z", "month 0"],
    ["2015-13-05T15:12:38Z", "month 13"],
    ["2015-06-00T15:12:38Z", "day 0"],
    ["2015-06-31T15:12:38Z", "31 June"],
    ["2100-02-29T15:12:38Z", "29 February 2100"],
    ["12015-06-05T15:12:38Z", "five digits of a year"],
    ["-2015-06-05T15:12:38Z", "a year before 0"],
    ["0000-01-01T00:00:00+00:01", "an instant before the year 0000"],
    ["9999-12-31T23:59:59-00:01", "an instant after the year 9999"],
    ["9999-12-31T23:59:60Z", "a leap second that ends the year 9999"],
    [" 2015-06-05T15:12:38Z", "a blank before"],
    ["2015-06-05T15:12:38Z\n", "a newline behind"],
    ["２015-06-05T15:12:38Z", "a digit of another script"],
    ["1433517158000", "an epoch"],
  ])("%j is none: %s", (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });

  test("comes back from every way to write an instant", () => {
    const aNanosecond = fc.integer({ min: 0, max: 999_999 });
    const anOffset = fc.integer({ min: -1439, max: 1439 });
    const digits = fc.integer({ min: 0, max: 9 });

    fc.assert(
      fc.property(anEventMs, aNanosecond, anOffset, digits, (ms, ns, offsetMinutes, places) => {
        const localMs = ms + offsetMinutes * 60_000;
        fc.pre(localMs >= FIRST_MS && localMs <= LAST_MS);
        const local = new Date(localMs).toISOString();
        const fraction = `${local.slice(20, 23)}${String(ns).padStart(6, "0")}`.slice(0, places);
        const point = places === 0 ? "" : ".";
        const instant = places >= 3 ? ms : Math.floor(ms / 10 ** (3 - places)) * 10 ** (3 - places);

        expect(parseTimestamp(`${local.slice(0, 19)}${point}${fraction}${toOffset(offsetMinutes)}`)).toBe(instant);
      }),
    );
  });

  test("is a number of milliseconds or none, whatever the text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const instant = parseTimestamp(text);

        expect(instant === undefined || (Number.isInteger(instant) && instant >= FIRST_MS && instant <= LAST_MS)).toBe(
          true,
        );
      }),
      { numRuns: 1000 },
    );
  });
});

function toOffset(minutes: number): string {
  const [hour, minute] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? "-" : "+"}${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

describe("a bound of a time range", () => {
  const NOW_MS = Date.parse("2026-11-22T07:18:25.524Z");

  test.each([
    ["2020", "2020-01-01T00:00:00.000Z", "2020-01-01T23:59:59.999Z"],
    ["2020-02", "2020-02-01T00:00:00.000Z", "2020-02-01T23:59:59.999Z"],
    ["2020-02-29", "2020-02-29T00:00:00.000Z", "2020-02-29T23:59:59.999Z"],
    ["2020-02-29T", "2020-02-29T00:00:00.000Z", "2020-02-29T23:59:59.999Z"],
    ["2020-02T10:30", "2020-02-01T10:30:00.000Z", "2020-02-01T10:30:59.999Z"],
    ["2020-02-29T10", "2020-02-29T10:00:00.000Z", "2020-02-29T10:59:59.999Z"],
    ["2020-02-29T10:30", "2020-02-29T10:30:00.000Z", "2020-02-29T10:30:59.999Z"],
    ["2020-02-29T10:30:15", "2020-02-29T10:30:15.000Z", "2020-02-29T10:30:15.999Z"],
    ["2020-02-29T10:30:15.5", "2020-02-29T10:30:15.500Z", "2020-02-29T10:30:15.500Z"],
    ["2020-02-29T10:30:15,123456789", "2020-02-29T10:30:15.123Z", "2020-02-29T10:30:15.123Z"],
    ["2020-02-29T10+02", "2020-02-29T08:00:00.000Z", "2020-02-29T08:59:59.999Z"],
    ["2020-02-29T10:30-0530", "2020-02-29T16:00:00.000Z", "2020-02-29T16:00:59.999Z"],
    ["2020-02-29T10:30:15+02:00", "2020-02-29T08:30:15.000Z", "2020-02-29T08:30:15.999Z"],
    ["2020-02-29T10:30:15+18:00:00", "2020-02-28T16:30:15.000Z", "2020-02-28T16:30:15.999Z"],
    ["-0044-03-15", "-000044-03-15T00:00:00.000Z", "-000044-03-15T23:59:59.999Z"],
    ["now", "2026-11-22T07:18:25.524Z", "2026-11-22T07:18:25.524Z"],
    ["now-1h", "2026-11-22T06:18:25.524Z", "2026-11-22T06:18:25.524Z"],
    ["now/d", "2026-11-22T00:00:00.000Z", "2026-11-22T23:59:59.999Z"],
    ["now-2h/h", "2026-11-22T05:00:00.000Z", "2026-11-22T05:59:59.999Z"],
    ["now/w", "2026-11-16T00:00:00.000Z", "2026-11-22T23:59:59.999Z"],
    ["now/y", "2026-01-01T00:00:00.000Z", "2026-12-31T23:59:59.999Z"],
    ["now/s+s", "2026-11-22T07:18:26.000Z", "2026-11-22T07:18:26.999Z"],
    ["now/m-1H", "2026-11-22T06:18:00.000Z", "2026-11-22T06:18:59.999Z"],
    ["2026-11||/M", "2026-11-01T00:00:00.000Z", "2026-11-30T23:59:59.999Z"],
    ["2026-11||", "2026-11-01T00:00:00.000Z", "2026-11-01T00:00:00.000Z"],
    ["2020-01-01T00:00:00Z||+1M/d", "2020-02-01T00:00:00.000Z", "2020-02-01T23:59:59.999Z"],
    ["2020-01-31||+1M", "2020-02-29T00:00:00.000Z", "2020-02-29T00:00:00.000Z"],
    ["2020-01-31||+1M+1M", "2020-03-29T00:00:00.000Z", "2020-03-29T00:00:00.000Z"],
    ["2019-01-31||+1M", "2019-02-28T00:00:00.000Z", "2019-02-28T00:00:00.000Z"],
    ["2020-02-29||-1y", "2019-02-28T00:00:00.000Z", "2019-02-28T00:00:00.000Z"],
    ["2020-01-31||/M+1M", "2020-02-01T00:00:00.000Z", "2020-02-29T23:59:59.999Z"],
    ["2020-03-01||-1d", "2020-02-29T00:00:00.000Z", "2020-02-29T00:00:00.000Z"],
  ])("%s is %s rounded down, %s rounded up", (text, down, up) => {
    expect([iso(parseInstant(text, "down", NOW_MS)), iso(parseInstant(text, "up", NOW_MS))]).toEqual([down, up]);
  });

  test.each([
    "",
    "never",
    "Now",
    "now ",
    " now",
    "nowhere",
    "now+",
    "now-1",
    "now/",
    "now1h",
    "now-1h+",
    "now/2d",
    "now/0d",
    "now+1D",
    "now+1Y",
    "now()-1h",
    "now||/d",
    "now+2147483648s",
    "now+2147483647y",
    "||",
    "||+1d",
    "2020|/d",
    "2020||/q",
    "2020||+1d||+1d",
    "2020||1d",
    "20",
    "202",
    "20200",
    "+2020",
    "-0000",
    "2020-",
    "2020-1",
    "2020-00",
    "2020-13",
    "2020-06-31",
    "2020-06-31||/M",
    "2019-02-29",
    "2020-06-5",
    "2020-06-05Z",
    "2020Z",
    "2020T10",
    "2020-06-05T1",
    "2020-06-05T24",
    "2020-06-05T24:00:00.000",
    "2020-06-05T10:60",
    "2020-06-05T10:30:60",
    "2020-06-05T10:",
    "2020-06-05T10:30.5",
    "2020-06-05T10:30:15.",
    "2020-06-05T10:30:15.0123456789",
    "2020-06-05T10:30:15.1,1",
    "2020-06-05T10:30z",
    "2020-06-05t10:30",
    "2020-06-05T10:30ZZ",
    "2020-06-05T10:30+2",
    "2020-06-05T10:30+18:01",
    "2020-06-05T10:30+02:60",
    "2020-06-05T10:30+020000",
    "2020-06-05T10:30UTC",
    "2020-06-05T10:30[UTC]",
    "2020-06-05T10:30Europe/Paris",
    "2020-06-05 10:30",
    "20200605",
    "1591315200000",
    "2020-W23",
    "2020-06-05\n",
    "now+१d",
  ])("%j is none", (text) => {
    expect([parseInstant(text, "down", NOW_MS), parseInstant(text, "up", NOW_MS)]).toEqual([undefined, undefined]);
  });

  test("is the instant of a timestamp with a fraction, whichever way it is rounded", () => {
    fc.assert(
      fc.property(anEventMs, (ms) => {
        const text = new Date(ms).toISOString();

        expect([parseInstant(text, "down", 0), parseInstant(text, "up", 0), parseTimestamp(text)]).toEqual([
          ms,
          ms,
          ms,
        ]);
      }),
    );
  });

  test("rounds to the first and the last millisecond of the unit around it, and the next unit follows", () => {
    const aUnit = fc.constantFrom("y", "M", "w", "d", "h", "H", "m", "s");

    fc.assert(
      fc.property(anEventMs, aUnit, (nowMs, unit) => {
        const start = parseInstant(`now/${unit}`, "down", nowMs) as number;
        const end = parseInstant(`now/${unit}`, "up", nowMs) as number;

        expect(start <= nowMs && nowMs <= end).toBe(true);
        expect(parseInstant(`now+1${unit}`, "down", start)).toBe(end + 1);
        expect(parseInstant(`now/${unit}`, "down", end)).toBe(start);
      }),
    );
  });

  test("adds months as a calendar does: to the same day, or to the month's last", () => {
    const months = fc.integer({ min: -60_000, max: 60_000 });

    fc.assert(
      fc.property(anEventMs, months, (nowMs, count) => {
        const now = new Date(nowMs);
        const then = new Date(parseInstant(`now${count < 0 ? count : `+${count}`}M`, "down", nowMs) as number);
        const lastDay = new Date(then);
        lastDay.setUTCMonth(then.getUTCMonth() + 1, 0);

        expect(then.getUTCFullYear() * 12 + then.getUTCMonth()).toBe(
          now.getUTCFullYear() * 12 + now.getUTCMonth() + count,
        );
        expect(then.getUTCDate()).toBe(Math.min(now.getUTCDate(), lastDay.getUTCDate()));
        expect(then.getTime() - then.setUTCHours(0, 0, 0, 0)).toBe(nowMs - now.setUTCHours(0, 0, 0, 0));
      }),
    );
  });

  test("ends where no event can be", () => {
    expect(parseInstant("now+2147483647w", "down", NOW_MS)).toBe(8.64e15);
    expect(parseInstant("-999999999", "down", NOW_MS)).toBe(-8.64e15);
    expect(parseInstant("2020||+293000000y-293000000y", "down", NOW_MS)).toBe(Date.parse("2020-01-01"));
  });

  test("is a whole number or none, whatever the text", () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom("down" as const, "up" as const), (text, rounding) => {
        const instant = parseInstant(text, rounding, NOW_MS);

        expect(instant === undefined || Number.isSafeInteger(instant)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test("may be megabytes of almost date math", () => {
    const count = 250_000;

    expect(parseInstant(`now+${"0".repeat(count)}1d`, "down", 0)).toBe(86_400_000);
    expect(parseInstant(`now${"+1d-1d".repeat(count)}`, "down", 0)).toBe(0);
    expect(parseInstant(`now${"+1d-1d".repeat(count)}?`, "down", 0)).toBeUndefined();
    expect(parseInstant(`now+${"1".repeat(count)}`, "down", 0)).toBeUndefined();
    expect(parseInstant(`2020${"|".repeat(count)}`, "down", 0)).toBeUndefined();
    expect(parseInstant(`2020-01-01T00:00:00.${"1".repeat(count)}Z`, "down", 0)).toBeUndefined();
  });
});

describe("a time range", () => {
  test("is its bounds, both inclusive", () => {
    const range = { gte: "2020-01-01", lte: "2020-01-31" };

    expect(toBounds(range, 0)).toEqual({
      fromMs: Date.parse("2020-01-01T00:00:00.000Z"),
      toMs: Date.parse("2020-01-31T23:59:59.999Z"),
    });
  });

  test("leaves out what gt and lt name: the whole unit, the instant", () => {
    expect(toBounds({ gt: "2020-01-01", lt: "2020-02" }, 0)).toEqual({
      fromMs: Date.parse("2020-01-02T00:00:00.000Z"),
      toMs: Date.parse("2020-01-31T23:59:59.999Z"),
    });
    expect(toBounds({ gt: "now", lt: "now" }, 1000)).toEqual({ fromMs: 1001, toMs: 999 });
  });

  test("is open where it has no bound", () => {
    expect(toBounds({}, 0)).toEqual({});
    expect(toBounds({ gte: undefined, lt: "1970" }, 0)).toEqual({ toMs: -1 });
  });

  test("names every bound that is no time, and what would be", () => {
    const bounds = toBounds({ gte: "metrics", lt: "2015-06-31" }, 0);

    const accepted = expect.stringContaining(
      "a time (2020-01-31T10:00:00Z), the beginning of one (2020-01) or date math",
    );
    expect(bounds).toEqual({
      faults: [
        { pointer: "/gte", detail: accepted },
        { pointer: "/lt", detail: accepted },
      ],
    });
    expect(bounds).toHaveProperty("faults.0.detail", expect.stringContaining('not "metrics"'));
  });

  test("has one bound at each end", () => {
    expect(toBounds({ gte: "2020", gt: "2020", lte: "2021", lt: "2021" }, 0)).toEqual({
      faults: [
        { pointer: "/gt", detail: "must not stand beside gte" },
        { pointer: "/lt", detail: "must not stand beside lte" },
      ],
    });
  });
});
