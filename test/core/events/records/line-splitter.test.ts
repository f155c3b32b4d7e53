import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type ArchivedLine, LineSplitter } from "#core/events/records/line-splitter.ts";
import { anyText } from "#test/core/events/arbitraries.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function split(chunks: readonly Uint8Array[], maxLineBytes?: number): ArchivedLine[] {
  const splitter = new LineSplitter(maxLineBytes);
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
}

/** The bytes, cut at some places. */
const cut = (bytes: Uint8Array, places: readonly number[]): Uint8Array[] => {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((one, other) => one - other), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
};
const places = fc.array(fc.nat(), { maxLength: 8 });

describe("the lines of archived bytes", () => {
  test("are the same however the bytes come in chunks, within characters too", () => {
    const lines = fc.array(anyText.map((text) => text.replaceAll("\n", "").toWellFormed()));
    fc.assert(
      fc.property(lines, fc.boolean(), places, (texts, isEnded, at) => {
        const bytes = bytesOf(texts.join("\n") + (isEnded ? "\n" : ""));

        const expected = texts.map((text, index) => ({ line: index + 1, text })).filter(({ text }) => text !== "");
        expect(split(cut(bytes, at))).toEqual(expected);
      }),
    );
  });

  test("that are not UTF-8 cost no other, however they come", () => {
    const bytes = new Uint8Array([...bytesOf("a\n"), 0xe2, 0x82, 0x0a, ...bytesOf("b\n€\n")]);
    fc.assert(
      fc.property(places, (at) => {
        expect(split(cut(bytes, at))).toEqual([
          { line: 1, text: "a" },
          { line: 2, unreadable: "is not UTF-8" },
          { line: 3, text: "b" },
          { line: 4, text: "€" },
        ]);
      }),
    );
  });

  test("that are too long cost no other, and are told with their length", () => {
    const bytes = bytesOf(`a\n${"x".repeat(11)}\n${"y".repeat(10)}\nb`);
    fc.assert(
      fc.property(places, (at) => {
        expect(split(cut(bytes, at), 10)).toEqual([
          { line: 1, text: "a" },
          { line: 2, unreadable: "has 11 bytes, a line has at most 10" },
          { line: 3, text: "y".repeat(10) },
          { line: 4, text: "b" },
        ]);
      }),
    );
  });

  test("hold no more than the longest that is allowed", () => {
    const splitter = new LineSplitter();
    const chunk = new Uint8Array(1024 * 1024).fill(0x78);

    const before = process.memoryUsage().arrayBuffers;
    for (let megabytes = 0; megabytes < 500; megabytes++) splitter.push(chunk.slice());
    const [line] = splitter.end();

    expect(line).toEqual({ line: 1, unreadable: expect.stringContaining("has 524288000 bytes") });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 1024 * 1024);
  });
});
