import { describe, expect, test } from "@jest/globals";
import { uuidV7 } from "#core/uuid.ts";

const timeOf = (id: string): number => Number.parseInt(id.replace("-", "").slice(0, 12), 16);

/** Far ahead of any clock, as ids never go back to an earlier millisecond; each test begins later than the last. */
let futureMs = Date.UTC(2100, 0);
const laterMs = (): number => {
  futureMs += 1_000_000;
  return futureMs;
};

describe("uuidV7", () => {
  test("has the form, the version and the variant of RFC 9562", () => {
    for (let count = 0; count < 1_000; count++)
      expect(uuidV7(laterMs())).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test("begins with the millisecond", () => {
    for (const ms of [laterMs(), laterMs(), 2 ** 47 + 12_345]) expect(timeOf(uuidV7(ms))).toBe(ms);
  });
});

describe("uuidV7 in one process", () => {
  test("gives ids that are unique and sort in the order they were made, though the clock stands still or goes back", () => {
    const startMs = 2 ** 47 + 1_000_000;
    const ids = Array.from({ length: 20_000 }, (_, index) => uuidV7(startMs + (index % 7) - (index % 3)));

    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
  });

  test("goes on into the next millisecond when one is used up, and no further than it must", () => {
    const startMs = 2 ** 47 + 2_000_000;
    const ids = Array.from({ length: 10_000 }, () => uuidV7(startMs));

    expect(timeOf(ids[0] ?? "")).toBe(startMs);
    expect(timeOf(ids[4_095] ?? "")).toBe(startMs);
    expect(timeOf(ids[4_096] ?? "")).toBe(startMs + 1);
    expect(timeOf(ids[9_999] ?? "")).toBe(startMs + 2);
  });

  test("differs in its random bits from one id to the next", () => {
    const startMs = 2 ** 47 + 3_000_000;
    const randomParts = Array.from({ length: 5_000 }, () => uuidV7(startMs).slice(19));

    expect(new Set(randomParts).size).toBe(randomParts.length);
    expect(new Set(randomParts.map((part) => part[0]))).toEqual(new Set(["8", "9", "a", "b"]));
  });
});
