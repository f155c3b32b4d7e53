import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { HeaderMemory } from "#core/haproxy/syslog/header-memory.ts";
import { readSyslog } from "#core/haproxy/syslog/read-syslog.ts";

/** Headers that a memory may take for each other: of other times, processes and hosts, whole, broken and cut. */
const anyHeader = fc
  .tuple(
    fc.constantFrom("<134>", "<135>", "<13>", "<7>", "<>", ""),
    fc.constantFrom("Nov 22 01:22:46", "Nov 22 01:22:47", "Dec  1 00:00:00", "nov 22 01:22:46", "2026-11-22T01:22:46Z"),
    fc.constantFrom(
      " gw-1 haproxy[71]: ",
      " gw-1 haproxy[72]: ",
      " haproxy[71]: ",
      " gw-1: haproxy[7]: ",
      " gw-1 haproxy: ",
    ),
    fc.constantFrom("", "Connect from", "x]: ", " a b[1]: "),
    fc.option(fc.nat(60), { nil: undefined, freq: 5 }),
  )
  .map(([pri, time, origin, message, cut]) => `${pri}${time}${origin}${message}`.slice(0, cut));

const foundIn = (text: string) => {
  const { syslog, message } = readSyslog(text);
  return { syslog, at: text.length - message.length };
};

test("a header is read as if none had been read before", () => {
  fc.assert(
    fc.property(fc.array(anyHeader, { minLength: 2, maxLength: 12 }), (lines) => {
      const memory = new HeaderMemory();

      for (const line of lines) expect(memory.read(line, Buffer.from(line, "latin1"))).toEqual(foundIn(line));
    }),
    { numRuns: 3000 },
  );
});

test("the header of the line before is not read again, and of another second only its time", () => {
  const memory = new HeaderMemory();
  const read = (line: string) => memory.read(line, Buffer.from(line, "latin1"));

  const first = read("<134>Nov 22 01:22:46 gw-1 haproxy[71]: a");
  const again = read("<134>Nov 22 01:22:46 gw-1 haproxy[71]: b");
  const later = read("<134>Nov 22 01:22:47 gw-1 haproxy[71]: c");

  expect(again).toBe(first);
  expect(later).toEqual({ at: first.at, syslog: { ...first.syslog, timestamp: "Nov 22 01:22:47" } });
  expect(first.syslog.timestamp).toBe("Nov 22 01:22:46");
});
