import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { PulseError } from "#core/errors.ts";
import { type Cursor, fromCursorText, toCursorText } from "#core/events/query/cursor.ts";

const cursors: fc.Arbitrary<Cursor> = fc.record({
  timestampMs: fc.integer({ min: Date.parse("0000-01-01"), max: Date.parse("9999-12-31T23:59:59.999Z") }),
  id: fc.uuid(),
});

const cursorOf = (text: string): Cursor | undefined => {
  try {
    return fromCursorText(text);
  } catch (error) {
    expect(error).toBeInstanceOf(PulseError);
    expect(error).toMatchObject({ kind: "invalid-input", faults: [{ pointer: "cursor" }] });
    return undefined;
  }
};

describe("a cursor as text", () => {
  test("comes back as it was, and is safe in a URL", () => {
    fc.assert(
      fc.property(cursors, (cursor) => {
        const text = toCursorText(cursor);

        expect(encodeURIComponent(text)).toBe(text);
        expect(fromCursorText(text)).toEqual(cursor);
      }),
    );
  });

  test("is the only text that names its event: any other text is refused as invalid input", () => {
    const nearlyCursors = fc
      .tuple(cursors, fc.nat(), fc.base64String({ maxLength: 4 }))
      .map(([cursor, at, inserted]) => {
        const text = toCursorText(cursor);
        const place = at % text.length;
        return text.slice(0, place) + inserted + text.slice(place + 1);
      });

    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), nearlyCursors), (text) => {
        const cursor = cursorOf(text);

        expect(cursor === undefined ? text : toCursorText(cursor)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  const ID = "0195a3c0-0000-7000-8000-000000000000";

  test.each([
    "",
    "*",
    " ",
    "a",
    "%00",
    `1 ${ID}`,
    btoa(`1 ${ID.slice(1)}`),
    btoa(`1  ${ID}`),
    btoa(`1.5 ${ID}`),
    btoa(`01 ${ID}`),
    btoa(`-0 ${ID}`),
    btoa(`1e3 ${ID}`),
    btoa(`9999999999999999 ${ID}`),
    btoa(`1 ${ID.toUpperCase()}`),
    btoa(`1 ${ID}\n`),
  ])("%j is refused", (text) => {
    expect(cursorOf(text.replace(/=+$/, ""))).toBeUndefined();
  });
});
