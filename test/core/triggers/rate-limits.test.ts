import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { RATE_PAUSE_MS, RateLimits } from "#core/triggers/rate-limits.ts";
import { aTrigger } from "#test/support/samples/a-trigger.ts";

const trigger = aTrigger({ ratePerSecond: 10 });

const admitAll = (limits: RateLimits, times: readonly number[]) => {
  const draft = limits.draft();
  const admissions = times.map((atMs) => draft.admit(trigger, atMs));
  draft.settle();
  return admissions;
};
const admitted = (admissions: readonly { admitted: boolean }[]) => admissions.filter((one) => one.admitted).length;

test("events at the rate are admitted for ever", () => {
  const times = Array.from({ length: 10_000 }, (_, index) => index * 100);

  expect(admitted(admitAll(new RateLimits(), times))).toBe(10_000);
});

test("more than ten seconds' worth at once pauses the trigger for a minute, which is said once, and its end too", () => {
  const limits = new RateLimits();

  const flood = admitAll(
    limits,
    Array.from({ length: 150 }, () => 5000),
  );
  const later = admitAll(limits, [5000 + RATE_PAUSE_MS - 1, 5000 + RATE_PAUSE_MS, 5000 + RATE_PAUSE_MS + 1]);

  expect(admitted(flood)).toBe(100);
  expect(flood.filter((one) => !one.admitted && one.pausedUntilMs !== undefined)).toEqual([
    { admitted: false, pausedUntilMs: 5000 + RATE_PAUSE_MS },
  ]);
  expect(later).toEqual([{ admitted: false }, { admitted: true, resumedWithout: 51 }, { admitted: true }]);
});

test("whatever comes, a trigger takes no more than its burst and its rate", () => {
  const steps = fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 2000 });
  fc.assert(
    fc.property(steps, (pauses) => {
      let atMs = 0;
      const times = pauses.map((ms) => (atMs += ms));
      const taken = admitAll(new RateLimits(), times).flatMap((one, index) =>
        one.admitted ? [times[index] as number] : [],
      );
      taken.forEach((from, index) => {
        const within = taken.slice(index).filter((time) => time <= from + 30_000).length;
        expect(within).toBeLessThanOrEqual(100 + 300 + 1);
      });
    }),
    { numRuns: 50 },
  );
});

test("what is not settled does not count: a batch that comes again is counted once", () => {
  const limits = new RateLimits();
  for (let tries = 0; tries < 20; tries++) for (let index = 0; index < 100; index++) limits.draft().admit(trigger, 0);

  expect(
    admitted(
      admitAll(
        limits,
        Array.from({ length: 100 }, () => 0),
      ),
    ),
  ).toBe(100);
});

test("clocks that jump pause nothing for long", () => {
  const limits = new RateLimits();
  admitAll(
    limits,
    Array.from({ length: 101 }, () => 10 ** 12),
  );

  const before = admitAll(limits, [10 ** 12 - 3_600_000, 10 ** 12 - 3_500_000]);
  const after = admitAll(limits, [10 ** 13, 10 ** 12]);

  expect(admitted(before)).toBe(2);
  expect(admitted(after)).toBe(2);
});
