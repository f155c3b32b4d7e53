import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { draftEventSchema, isRightDraft } from "#core/events/draft-event.ts";

/** Drafts that are right, and such as miss it in one place or several. */
const nearlyDrafts = fc.record(
  {
    type: fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9_-]{0,100}$/),
      fc.constantFrom("a b", "a\n", "é", null, 7, "x".repeat(101)),
    ),
    tags: fc.oneof(
      fc.array(
        fc.oneof(
          { weight: 9, arbitrary: fc.string({ minLength: 1, unit: "grapheme" }) },
          fc.constantFrom("", "\ud800", "\udc00a", "t".repeat(512), "t".repeat(513), 1, null),
        ),
        { maxLength: 4 },
      ),
      fc.constantFrom("a", null, {}, 5),
    ),
    value: fc.jsonValue(),
    timestamp: fc.oneof(
      fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString()),
      fc.constantFrom("2020-01-01", "now", "", 5, null, "2020-02-30T00:00:00Z", "2020-01-01T00:00:00+01:00"),
    ),
    kind: fc.constantFrom("Event", 1, null),
    id: fc.constant("x"),
  },
  { requiredKeys: [] },
);

describe("the quick look at a draft", () => {
  test("takes exactly what the schema takes, as it takes it", () => {
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: nearlyDrafts }, fc.jsonValue()), (json) => {
        const { success, data } = draftEventSchema().safeParse(json);

        expect(isRightDraft(json)).toBe(success);
        if (success) expect(data).toEqual(json);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("refuses the key %s", (key) => {
    const json = JSON.parse(`{"tags":["a"],"${key}":{"x":1}}`);

    expect(isRightDraft(json)).toBe(false);
    expect(draftEventSchema().safeParse(json).success).toBe(false);
  });
});
