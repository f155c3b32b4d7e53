import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { DAY_MS } from "#core/events/time/calendar.ts";
import { forgottenBefore } from "#core/events/types/retention.ts";
import { eventIndex } from "#stores/opensearch/index-names.ts";

const at = (text: string): number => Date.parse(text);

describe("what is forgotten", () => {
  test.each([
    ["day", 30, "2026-03-31T00:00:00Z", "2026-03-01T00:00:00Z"],
    ["day", 30, "2026-03-31T23:59:59.999Z", "2026-03-01T00:00:00Z"],
    ["day", 1, "2026-03-01T12:00:00Z", "2026-02-28T00:00:00Z"],
    ["month", 30, "2026-03-30T23:59:59Z", "2026-02-01T00:00:00Z"],
    ["month", 30, "2026-03-31T00:00:00Z", "2026-03-01T00:00:00Z"],
    ["month", 396, "2026-12-31T00:00:00Z", "2025-11-01T00:00:00Z"],
  ] as const)("of a %s, after %d days, at %s is what came before %s", (period, retentionDays, now, before) => {
    expect(forgottenBefore({ period, retentionDays }, at(now))).toBe(at(before));
  });

  const days = fc.integer({ min: 1, max: 1000 });
  const instant = fc.integer({ min: at("2020-01-01T00:00:00Z"), max: at("2040-01-01T00:00:00Z") });

  test.each(["day", "month"] as const)("never is younger than the retention, and never a part of a %s", (period) => {
    fc.assert(
      fc.property(days, instant, (retentionDays, nowMs) => {
        const before = forgottenBefore({ period, retentionDays }, nowMs);
        const indexOf = (receivedAtMs: number) =>
          eventIndex("p", { index: "own", period }, { type: "t", namespace: "n", receivedAtMs });

        expect(before).toBeLessThanOrEqual(nowMs - retentionDays * DAY_MS);
        expect(before).toBeGreaterThan(nowMs - (retentionDays + (period === "day" ? 1 : 31)) * DAY_MS);
        expect(indexOf(before)).not.toBe(indexOf(before - 1));
        expect(indexOf(before)).toBe(indexOf(nowMs - retentionDays * DAY_MS));
      }),
    );
  });
});
