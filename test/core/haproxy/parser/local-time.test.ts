import { describe, expect, test } from "@jest/globals";
import { instantOf } from "#core/haproxy/parser/local-time.ts";

const iso = (date: string, zone: string, receivedAt = "2026-01-01T00:00:00Z"): string | undefined => {
  const instant = instantOf(date, zone, Date.parse(receivedAt));
  return instant === undefined ? undefined : new Date(instant).toISOString();
};

describe("a date of the gateway's clock becomes an instant", () => {
  test.each([
    ["UTC", "2026-11-22T01:22:46.321Z"],
    ["+05:30", "2026-11-21T19:52:46.321Z"],
    ["-0800", "2026-11-22T09:22:46.321Z"],
    ["Europe/Amsterdam", "2026-11-22T00:22:46.321Z"],
    ["America/New_York", "2026-11-22T06:22:46.321Z"],
    ["Asia/Kathmandu", "2026-11-21T19:37:46.321Z"],
  ])("in %s", (zone, instant) => {
    expect(iso("22/Nov/2026:01:22:46.321", zone)).toBe(instant);
  });

  test("in summer as in winter", () => {
    expect(iso("22/Jul/2026:12:00:00.000", "Europe/Amsterdam")).toBe("2026-07-22T10:00:00.000Z");
  });

  test("of an hour that the clock repeats, the one nearer to when the line came", () => {
    const repeated = "25/Oct/2026:02:30:00.000";

    expect(iso(repeated, "Europe/Amsterdam", "2026-10-25T00:30:01Z")).toBe("2026-10-25T00:30:00.000Z");
    expect(iso(repeated, "Europe/Amsterdam", "2026-10-25T01:30:01Z")).toBe("2026-10-25T01:30:00.000Z");
  });

  test("of an hour that the clock skips, as if it had not", () => {
    expect(iso("29/Mar/2026:02:30:00.000", "Europe/Amsterdam")).toBe("2026-03-29T01:30:00.000Z");
  });

  test("around the hour that the clock changes", () => {
    expect(iso("25/Oct/2026:01:59:59.999", "Europe/Amsterdam")).toBe("2026-10-24T23:59:59.999Z");
    expect(iso("25/Oct/2026:03:00:00.000", "Europe/Amsterdam")).toBe("2026-10-25T02:00:00.000Z");
    expect(iso("29/Mar/2026:01:59:59.999", "Europe/Amsterdam")).toBe("2026-03-29T00:59:59.999Z");
    expect(iso("29/Mar/2026:03:00:00.000", "Europe/Amsterdam")).toBe("2026-03-29T01:00:00.000Z");
  });

  test.each([
    "31/Feb/2026:01:22:46.321",
    "22/Xxx/2026:01:22:46.321",
    "22/anF/2026:01:22:46.321",
    "22/Nov/2026:24:00:00.000",
    "22/Nov/2026:01:60:46.321",
  ])("%s is no date", (date) => {
    expect(iso(date, "UTC")).toBeUndefined();
  });

  test("an unknown zone is refused, not taken for another", () => {
    expect(() => iso("22/Nov/2026:01:22:46.321", "Mars/Olympus")).toThrow(RangeError);
  });
});
