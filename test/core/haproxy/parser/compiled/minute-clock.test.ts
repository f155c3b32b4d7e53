import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { MinuteClock } from "#core/haproxy/parser/compiled/minute-clock.ts";
import { instantOf } from "#core/haproxy/parser/local-time.ts";

const ask = (clock: MinuteClock, date: string, zone: string, receivedAtMs: number): number | undefined =>
  clock.instantAt(`[${date}]`, Buffer.from(`[${date}]`), 1, { zone, receivedAtMs });

/** Clocks in Berlin went back at three that night. */
const REPEATED_HOUR = "25/Oct/2026:02:30:00.";

test("a date has the instant that it has by itself, whatever came before", () => {
  const zone = fc.constantFrom("UTC", "+05:30", "Europe/Berlin", "America/St_Johns");
  const day = fc.constantFrom("25/Oct/2026", "29/Mar/2026", "31/Feb/2026", "01/Jan/1970", "31/Dec/2099");
  // Few, so that the same minute is often asked for again.
  const time = fc.constantFrom("00:00:00", "02:30:00", "02:30:01", "02:30:59", "02:30:60", "24:00:00", "12:60:00");
  const ms = fc.constantFrom("000", "321", "999");
  const date = fc.tuple(day, time, ms).map(([d, t, m]) => `${d}:${t}.${m}`);
  const asked = fc.tuple(
    date,
    zone,
    fc.constantFrom(0, Date.parse("2026-10-25T00:30:00Z"), Date.parse("2026-10-25T01:30:00Z")),
  );
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 20 }), (all) => {
      const clock = new MinuteClock();
      for (const [text, name, receivedAtMs] of [...all, ...all])
        expect(ask(clock, text, name, receivedAtMs)).toBe(instantOf(text, name, receivedAtMs));
    }),
  );
});

test("in an hour that a clock repeats, each line's reception decides", () => {
  const clock = new MinuteClock();
  const first = Date.parse("2026-10-25T00:30:00Z");
  const second = Date.parse("2026-10-25T01:30:00Z");

  expect(ask(clock, `${REPEATED_HOUR}001`, "Europe/Berlin", first)).toBe(first + 1);
  expect(ask(clock, `${REPEATED_HOUR}002`, "Europe/Berlin", second)).toBe(second + 2);
});

test.each(["22/Nov/2026:01:22:46", "22/Nov/2026:01:22:46.3x1", "nonsense"])("%s is no date", (text) => {
  expect(ask(new MinuteClock(), text, "UTC", 0)).toBeUndefined();
});
