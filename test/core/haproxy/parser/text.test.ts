import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { textOf, unescapeHash } from "#core/haproxy/parser/text.ts";

const ESCAPED = /#([0-9A-F]{2})/g;

/** As the manual says it, at the cost of an expression. */
const byExpression = (printed: string) =>
  textOf(printed.replace(ESCAPED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))));

test("#XX is undone wherever it stands, and what only looks like it stays", () => {
  const pieces = fc.constantFrom(
    "#",
    "##",
    "#2",
    "#23",
    "#7B",
    "#7b",
    "#C3#A9",
    "#FF",
    "#0G",
    "#G0",
    "#:0",
    "a",
    "é",
    "F",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (some) => {
      const printed = Buffer.from(some.join(""), "utf8").toString("latin1");

      expect(unescapeHash(printed)).toEqual(byExpression(printed));
    }),
    { numRuns: 5000 },
  );
  expect(unescapeHash("a#7Cb#")).toBe("a|b#");
});
