import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { logRecordSchema } from "#core/haproxy/logs/log-record-schema.ts";
import { type LogDefaults, readLogRecord, toPlainLine } from "#core/haproxy/logs/read-log-record.ts";

const LINE = {
  id: "0123456789abcdef-000000000012345",
  at: "2026-11-22T13:00:00.123Z",
  namespace: "default",
  source: "edge-1",
  zone: "UTC",
  line: "<134>Nov 22 13:00:00 edge-1 haproxy[71]: ",
};

const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme-ascii" }));
const anyAt = fc.oneof(
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom("2026-11-22", "2026-11-22T13:00:00+01:00", "2026-02-30T00:00:00Z"),
);
const anyZone = fc.constantFrom("UTC", "Europe/Berlin", "+02:00", "+0200", "Mars/Olympus", "utc", "", "Z");

/** Members of a line that are right, almost right, of another type, or anything. */
const members: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  id: fc.oneof(fc.constantFrom("a", "", "a b", "x".repeat(100), "x".repeat(101)), anyText),
  at: anyAt,
  namespace: fc.oneof(fc.constantFrom("shop", "", "Shop", "x".repeat(41)), anyText),
  source: fc.oneof(fc.constantFrom("", "\u0085", "\ud800", "ö".repeat(200), "ö".repeat(201)), anyText),
  zone: anyZone,
  line: fc.oneof(fc.constantFrom("", "é".repeat(32_768), "é".repeat(32_769), "\ud800"), anyText),
};

/**
 * A good line in which some members are others, are no text, or are missing, and some are there that are none of it.
 */
const nearlyLine: fc.Arbitrary<Record<string, unknown>> = fc
  .record(
    {
      ...Object.fromEntries(Object.entries(members).map(([name, some]) => [name, fc.oneof(some, fc.jsonValue())])),
      cut: fc.constantFrom(true, false, null),
      b64: fc.constantFrom("", "/v8=", "a"),
      receipt: fc.constantFrom({}, null),
      ["__proto__"]: fc.constant({}),
      extra: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  .chain((others) =>
    fc.oneof(fc.subarray(Object.entries(others)), fc.subarray(Object.entries(others), { maxLength: 1 })),
  )
  .chain((others) =>
    fc.subarray(Object.keys(LINE), { minLength: 3 }).map((some) => ({
      ...Object.fromEntries(Object.entries(LINE).filter(([name]) => some.includes(name))),
      ...Object.fromEntries(others),
    })),
  );

const anyDefaults: fc.Arbitrary<LogDefaults> = fc.record(
  { id: fc.constantFrom("b", ""), at: anyAt, namespace: fc.constant("shop"), source: fc.constant("b"), zone: anyZone },
  { requiredKeys: [] },
) as fc.Arbitrary<LogDefaults>;

describe("the quick look at a record", () => {
  test("takes a line with nothing wrong", () => {
    expect(toPlainLine(LINE, {})).toEqual(LINE);
    expect(toPlainLine({ line: "a" }, LINE)).toEqual({ ...LINE, line: "a" });
  });

  test("takes what the schema takes, as the schema does", () => {
    let taken = 0;
    fc.assert(
      fc.property(nearlyLine, (json) => {
        const line = toPlainLine(json, {});

        if (line === undefined) return;
        taken++;
        expect({ success: true, data: line }).toEqual(logRecordSchema().safeParse(json));
      }),
      { numRuns: 2000 },
    );
    expect(taken).toBeGreaterThan(40);
  });

  test("changes nothing about what is read", () => {
    fc.assert(
      fc.property(nearlyLine, anyDefaults, (json, defaults) => {
        const text = JSON.stringify(json);
        const { zone, ...origin } = defaults;
        const whole = { ...origin, ...(zone !== undefined && !("receipt" in json) && { zone }), ...JSON.parse(text) };

        const read = readLogRecord(text, defaults);
        const asked = logRecordSchema().safeParse(whole);

        expect("record" in read).toBe(asked.success);
        if ("record" in read) expect(read.record).toEqual(asked.data);
      }),
      { numRuns: 2000 },
    );
  });
});
