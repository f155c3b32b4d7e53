import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { printUtc } from "#core/events/time/utc-text.ts";

const instant = fc.integer({ min: Date.parse("-000100-01-01"), max: Date.parse("+012000-01-01") });

test("an instant is printed as Date prints it, whichever was printed before", () => {
  const near = fc.tuple(instant, fc.integer({ min: -2000, max: 2000 })).map(([ms, by]) => [ms, ms + by]);

  fc.assert(
    fc.property(fc.array(near), (pairs) => {
      for (const ms of pairs.flat()) expect(printUtc(ms)).toBe(new Date(ms).toISOString());
    }),
  );
});
