import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { fromSeq, isSeq, toSeq } from "#core/events/event-journal.ts";
import { fromPositionText, type PositionToken, toPositionText } from "#core/events/stream/position.ts";

const seqs = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 56n - 1n }), fc.nat({ max: 99_999 }))
  .map(([sequenceNumber, offset]) => toSeq(sequenceNumber, offset));

const names = fc
  .tuple(
    fc.constantFrom("events", "haproxy-logs", "Pulse.events_1"),
    fc.oneof(
      fc.nat({ max: 999 }).map((number) => `shardId-${String(number).padStart(12, "0")}`),
      fc.stringMatching(/^[A-Za-z0-9_.-]{1,40}$/),
      fc.constantFrom("12", "-12", "shardId-12", "a.1.0"),
    ),
  )
  .map(([stream, shard]) => `${stream}/${shard}`);

const tokens: fc.Arbitrary<PositionToken> = fc.record({
  position: fc.record({
    store: fc.stringMatching(/^[A-Za-z0-9_-]{1,36}$/),
    shards: fc.array(fc.tuple(names, seqs), { maxLength: 5 }).map((entries) => new Map(entries)),
  }),
  namespace: fc.stringMatching(/^[a-z0-9-]{1,40}$/),
  atMs: fc.nat({ max: Number.MAX_SAFE_INTEGER }).filter((ms) => ms < 36 ** 10),
});

describe("a position as text", () => {
  test("comes back as it was, and is safe in a URL and a header", () => {
    fc.assert(
      fc.property(tokens, (token) => {
        const text = toPositionText(token);

        expect(text).toMatch(/^[A-Za-z0-9._~-]+$/);
        expect(fromPositionText(text)).toEqual(token);
      }),
    );
  });

  test("is short: 64 shards, named as Kinesis names them, take three kilobytes of a header", () => {
    const shards = Array.from({ length: 64 }, (_, index): [string, string] => [
      `haproxy-logs/shardId-${String(index).padStart(12, "0")}`,
      toSeq(49590338271490256608559692538361571095921575989136588898n, 99_999),
    ]);

    const text = toPositionText({
      position: { store: "rZ1pT2VQSxSxY8i1jvJc0w", shards: new Map(shards) },
      namespace: "default",
      atMs: Date.UTC(2026, 0),
    });

    expect(text.length).toBeLessThan(3_072);
  });

  test("is the only text that names its position: any other text is none", () => {
    const nearlyPositions = fc
      .tuple(tokens, fc.nat(), fc.constantFrom("", "A", "=", "-", "_", "/", "~", ".", "0", " ", "é"))
      .map(([token, at, inserted]) => {
        const text = toPositionText(token);
        const place = at % text.length;
        return text.slice(0, place) + inserted + text.slice(place + 1);
      });
    const texts = fc.oneof(fc.string(), fc.base64String(), fc.stringMatching(/^[\w.~-]{0,60}$/), nearlyPositions);

    fc.assert(
      fc.property(texts, (text) => {
        const token = fromPositionText(text);

        expect(token === undefined ? text : toPositionText(token)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  test("is readable where its parts are", () => {
    const shards = new Map([
      ["events/shard-1", toSeq(36n, 1)],
      ["events/shard-2", toSeq(35n, 0)],
      ["logs/a", toSeq(1n, 0)],
    ]);
    const token = { position: { store: "store", shards }, namespace: "team-a", atMs: 36 };

    expect(toPositionText(token)).toBe("store~team-a~10~~events~-shard-~1.10.1~2.z.0~~logs~-a~.1.0");
  });

  test.each([
    "",
    "0",
    "=",
    "%",
    "AAAA",
    "store",
    "store~namespace",
    "~namespace~1",
    "store~~1",
    "store~namespace~-1",
    "store~namespace~01",
    "store~namespace~1~",
    "store~namespace~1~~",
    "store~namespace~1~~stream",
    "store~namespace~1~~stream~-a",
    "store~namespace~1~~stream~a.1.0",
    "store~namespace~1~~stream~-a~",
    "store~namespace~1~~stream~-a~.1",
    "store~namespace~1~~stream~-a~.A.0",
    "store~namespace~1~~stream~-a~.1.zzzz",
    `store~namespace~1~~stream~-a~.${"z".repeat(40)}.0`,
    "store~namespace~1~~stream~-a~.1.0~.2.0",
    "store~namespace~1~~stream~-a~.01.0",
    "store~namespace~1~~stream~-~a.1.0",
    "store~namespace~1~~stream~-~aa.1.0~ab.1.0",
    "store~namespace~1~~a~-a~.1.0~~b~-b~.1.0~~a~-c~.1.0",
  ])("%j is none", (text) => {
    expect(fromPositionText(text)).toBeUndefined();
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
