import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { fromSeq, isSeq, toSeq } from "#core/events/event-journal.ts";
import { fromPositionText, type PositionToken, toPositionText } from "#core/events/position.ts";

const seqs = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 56n - 1n }), fc.nat({ max: 99_999 }))
  .map(([sequenceNumber, offset]) => toSeq(sequenceNumber, offset));

const tokens: fc.Arbitrary<PositionToken> = fc.record({
  position: fc.record({
    store: fc.stringMatching(/^[A-Za-z0-9_-]{1,36}$/),
    shards: fc
      .array(fc.tuple(fc.stringMatching(/^[a-z-]{1,20}\/[A-Za-z0-9-]{1,40}$/), seqs), { maxLength: 5 })
      .map((entries) => new Map(entries)),
  }),
  namespace: fc.stringMatching(/^[a-z0-9-]{1,40}$/),
  atMs: fc.nat({ max: Number.MAX_SAFE_INTEGER }).filter((ms) => ms < 36 ** 10),
});

describe("a position as text", () => {
  test("comes back as it was, and is safe in a URL and a header", () => {
    fc.assert(
      fc.property(tokens, (token) => {
        const text = toPositionText(token);

        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(fromPositionText(text)).toEqual(token);
      }),
    );
  });

  test("is short: 50 shards of Kinesis fit into four kilobytes", () => {
    const shards = Array.from({ length: 50 }, (_, index): [string, string] => [
      `haproxy-logs/shardId-${String(index).padStart(12, "0")}`,
      toSeq(49590338271490256608559692538361571095921575989136588898n, 99_999),
    ]);

    const text = toPositionText({
      position: { store: "rZ1pT2VQSxSxY8i1jvJc0w", shards: new Map(shards) },
      namespace: "default",
      atMs: Date.UTC(2026, 0),
    });

    expect(text.length).toBeLessThan(8_192);
  });

  test("is the only text that names its position: any other text is none", () => {
    const nearlyPositions = fc
      .tuple(tokens, fc.nat(), fc.constantFrom("", "A", "=", "-", "_", "/", " ", "é"))
      .map(([token, at, inserted]) => {
        const text = toPositionText(token);
        const place = at % text.length;
        return text.slice(0, place) + inserted + text.slice(place + 1);
      });
    const texts = fc.oneof(fc.string(), fc.base64String(), fc.stringMatching(/^[\w-]{0,60}$/), nearlyPositions);

    fc.assert(
      fc.property(texts, (text) => {
        const token = fromPositionText(text);

        expect(token === undefined ? text : toPositionText(token)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    "",
    "0",
    "=",
    "%",
    "AAAA",
    btoa("store"),
    btoa("store\nnamespace"),
    btoa("\nnamespace\n1"),
    btoa("store\n\n1"),
    btoa("store\nnamespace\n-1"),
    btoa("store\nnamespace\n1\nshard"),
    btoa("store\nnamespace\n1\nshard 1"),
    btoa("store\nnamespace\n1\nshard 1.zzzz"),
    btoa(`store\nnamespace\n1\nshard ${"z".repeat(40)}.0`),
    btoa("store\nnamespace\n1\nshard 1.0\nshard 2.0"),
    btoa("store\nnamespace\n1\nshard 01.0"),
    btoa("store\nnamespace\n01"),
  ])("%j is none", (text) => {
    expect(fromPositionText(text.replace(/=+$/, ""))).toBeUndefined();
  });
});

describe("a seq", () => {
  const places = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 56n - 1n }), fc.nat({ max: 99_999 }));

  test("names its record and its offset", () => {
    fc.assert(
      fc.property(places, ([sequenceNumber, offset]) => {
        const seq = toSeq(sequenceNumber, offset);

        expect(isSeq(seq)).toBe(true);
        expect(fromSeq(seq)).toEqual({ sequenceNumber, offset });
      }),
    );
  });

  test("sorts as text in the order of the journal", () => {
    fc.assert(
      fc.property(places, places, (one, other) => {
        const isBefore = one[0] === other[0] ? one[1] < other[1] : one[0] < other[0];

        expect(toSeq(...one) < toSeq(...other)).toBe(isBefore);
      }),
    );
  });
});
