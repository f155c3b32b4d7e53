import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { dueWindows, type Rhythm } from "#core/workflows/window.ts";

const rhythm = fc
  .record({
    everyMs: fc.constantFrom(1000, 5000, 30_000),
    windowMs: fc.constantFrom(5000, 30_000),
    graceMs: fc.constantFrom(0, 2000, 15_000),
    catchUpMs: fc.constantFrom(60_000, 900_000),
  })
  .map((one): Rhythm => one);
const START_MS = Date.UTC(2026, 2, 15);

describe("the windows that are due", () => {
  test("whenever it is asked, follow each other without gap or repeat, as long as no pause is longer than the catch-up", () => {
    fc.assert(
      fc.property(rhythm, fc.array(fc.integer({ min: 0, max: 50_000 }), { maxLength: 30 }), (given, pauses) => {
        let nowMs = START_MS;
        let lastEndMs = dueWindows(given, nowMs, undefined).windows.at(-1)?.toMs as number;
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          const { windows, givenUp } = dueWindows(given, nowMs, lastEndMs);
          expect(givenUp).toBeUndefined();
          for (const { fromMs, toMs } of windows) {
            expect(toMs).toBe(lastEndMs + given.everyMs);
            expect(toMs % given.everyMs).toBe(0);
            expect(toMs - fromMs).toBe(given.windowMs);
            expect(toMs + given.graceMs).toBeLessThanOrEqual(nowMs);
            lastEndMs = toMs;
          }
          expect(lastEndMs + given.everyMs + given.graceMs).toBeGreaterThan(nowMs);
        }
      }),
    );
  });

  test("after a longer pause are those of the catch-up, and the rest is named, without a gap between", () => {
    fc.assert(
      fc.property(rhythm, fc.integer({ min: 1, max: 10_000_000 }), (given, pauseMs) => {
        const lastEndMs = START_MS;
        const nowMs = START_MS + given.catchUpMs + given.graceMs + given.everyMs + pauseMs;

        const { windows, givenUp } = dueWindows(given, nowMs, lastEndMs);

        expect(windows).toHaveLength(given.catchUpMs / given.everyMs);
        if (givenUp !== undefined) {
          expect(givenUp.fromMs).toBe(lastEndMs);
          expect(givenUp.toMs).toBe((windows[0]?.toMs as number) - given.everyMs);
        }
      }),
    );
  });

  test("are none where the clock went back behind the last one", () => {
    const given = { everyMs: 5000, windowMs: 30_000, graceMs: 2000, catchUpMs: 60_000 };

    expect(dueWindows(given, START_MS, START_MS + 60_000)).toEqual({ windows: [] });
  });

  test("begin again with whole steps where the rhythm was another one", () => {
    const given = { everyMs: 30_000, windowMs: 30_000, graceMs: 0, catchUpMs: 900_000 };

    const { windows } = dueWindows(given, START_MS + 65_000, START_MS + 5000);

    expect(windows.map(({ toMs }) => toMs - START_MS)).toEqual([30_000, 60_000]);
  });
});
