import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { expandTags } from "#core/events/tags.ts";
import { anyText } from "#test/core/events/arbitraries.ts";

describe("expandTags", () => {
  test.each([
    [["services:front:0.2"], ["services", "services:front:0.2"]],
    [["plain"], ["plain"]],
    [
      ["b:1", "a", "b:2", "b", "a"],
      ["b", "b:1", "a", "b:2"],
    ],
    [
      ["a", "a:1"],
      ["a", "a:1"],
    ],
    [[":nothing before"], [":nothing before"]],
    [["nothing after:"], ["nothing after", "nothing after:"]],
    [["::"], ["::"]],
    [["url:http://x"], ["url", "url:http://x"]],
    [[], []],
  ])("makes of %j %j", (tags, expanded) => {
    expect(expandTags(tags)).toEqual(expanded);
  });

  const anyTags = fc.array(
    fc.oneof(
      anyText,
      fc.tuple(anyText, anyText).map((parts) => parts.join(":")),
    ),
  );

  test("keeps every tag, repeats none, and adds only what stands before a first colon", () => {
    fc.assert(
      fc.property(anyTags, (tags) => {
        const expanded = expandTags(tags);

        expect(new Set(expanded).size).toBe(expanded.length);
        for (const tag of tags) expect(expanded).toContain(tag);
        for (const added of expanded.filter((tag) => !tags.includes(tag))) {
          expect(added).not.toContain(":");
          expect(tags.some((tag) => tag.startsWith(`${added}:`))).toBe(true);
        }
      }),
    );
  });

  test("adds nothing more when done again", () => {
    fc.assert(fc.property(anyTags, (tags) => expect(expandTags(expandTags(tags))).toEqual(expandTags(tags))));
  });
});
