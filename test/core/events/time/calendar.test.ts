import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { DAY_MS, daysInMonth, fromDays, toDays } from "#core/events/time/calendar.ts";

describe("the calendar", () => {
  test("agrees with Date wherever Date reaches", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e8, max: 1e8 }), (days) => {
        const date = new Date(days * DAY_MS);

        expect(fromDays(days)).toEqual({
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
        });
      }),
      { numRuns: 2000 },
    );
  });

  test("gives every day back", () => {
    fc.assert(
      fc.property(fc.integer({ min: -365_243_219_162, max: 365_241_780_471 }), (days) => {
        expect(toDays(fromDays(days))).toBe(days);
      }),
      { numRuns: 2000 },
    );
  });

  test("knows how long each month is", () => {
    fc.assert(
      fc.property(fc.integer({ min: -9999, max: 9999 }), fc.integer({ min: 1, max: 12 }), (year, month) => {
        const lastDay = toDays({ year, month, day: daysInMonth(year, month) });

        expect(fromDays(lastDay).month).toBe(month);
        expect(fromDays(lastDay + 1).day).toBe(1);
      }),
    );
  });
});
