import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { fromJournalLine, toJournalLine } from "#core/events/records/journal-record.ts";
import { readPeriodMs, tickEvent, ticksBetween } from "#core/triggers/period.ts";
import { isUuid } from "#core/uuid.ts";
import { aTrigger } from "#test/support/samples/a-trigger.ts";

test.each([
  ["1s", 1000],
  ["10s", 10_000],
  ["5m", 300_000],
  ["1h", 3_600_000],
  ["31d", 2_678_400_000],
  ["0s", undefined],
  ["32d", undefined],
  ["10", undefined],
  ["-1s", undefined],
  ["1s ", undefined],
  ["1.5s", undefined],
])("%j is %p ms", (text, ms) => {
  expect(readPeriodMs(text)).toBe(ms);
});

test("however a time is cut, its ticks are the same", () => {
  const span = fc.tuple(fc.nat(1_000_000), fc.nat(1_000_000)).map(([one, other]) => [one, one + other] as const);
  fc.assert(
    fc.property(fc.integer({ min: 1000, max: 50_000 }), span, fc.nat(1_000_000), (periodMs, [from, to], cut) => {
      const at = Math.min(Math.max(cut, from), to);

      const ticks = ticksBetween(periodMs, from, to);

      expect([...ticksBetween(periodMs, from, at), ...ticksBetween(periodMs, at, to)]).toEqual(ticks);
      expect(ticks.every((tick) => tick % periodMs === 0 && tick > from && tick <= to)).toBe(true);
      expect(ticks).toHaveLength(Math.floor(to / periodMs) - Math.floor(from / periodMs));
    }),
  );
});

test("a tick is the same event whoever publishes it, and another one for another instant, name or namespace", () => {
  const tick = tickEvent(aTrigger({ kind: "workflows" }), 60_000);

  expect(tickEvent(aTrigger({ kind: "workflows", version: 2 }), 60_000)).toEqual(tick);
  const others = [
    tickEvent(aTrigger({ kind: "workflows" }), 61_000),
    tickEvent(aTrigger({ kind: "workflows", name: "other" }), 60_000),
    tickEvent(aTrigger({ kind: "workflows", namespace: "team-a" }), 60_000),
  ];
  expect(new Set([tick, ...others].map(({ id }) => id)).size).toBe(4);
  expect(isUuid(tick.id)).toBe(true);
  expect(fromJournalLine(toJournalLine(tick))).toEqual(tick);
});
