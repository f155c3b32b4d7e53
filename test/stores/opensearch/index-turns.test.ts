import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { groupsByIndex, IndexTurns, inPlaces } from "#stores/opensearch/index-turns.ts";

describe("entries by their indices", () => {
  test("go in two halves without an index in common, and their answers come back in order", () => {
    const placed = fc.array(fc.record({ index: fc.constantFrom("a", "b", "c", "d", "e"), entry: fc.nat() }));
    fc.assert(
      fc.property(placed, (entries) => {
        const groups = groupsByIndex(entries);
        const [first, second] = groups.map(({ indices }) => [...indices]);

        expect(groups).toHaveLength(Math.min(2, new Set(entries.map(({ index }) => index)).size));
        expect(first?.filter((index) => second?.includes(index)) ?? []).toEqual([]);
        for (const { indices, placed } of groups) expect(new Set(placed.map(({ index }) => index))).toEqual(indices);
        const answers = groups.map((group) => group.placed.map(({ entry }) => entry));
        expect(inPlaces(groups, answers)).toEqual(entries.map(({ entry }) => entry));
      }),
    );
  });

  test("are parted alike where their numbers are alike, whichever comes first", () => {
    const entries = ["a", "b", "c", "d"].map((index) => ({ index }));

    expect(groupsByIndex(entries).map(({ indices }) => [...indices])).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    expect(groupsByIndex(entries.toReversed()).map(({ indices }) => [...indices])).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  });
});

describe("turns of indices", () => {
  /** Work that ends when the test says so, and what of it has begun. */
  function surroundings() {
    const begun: string[] = [];
    const ends = new Map<string, (failure?: Error) => void>();
    const turns = new IndexTurns();
    const take = (name: string, ...indices: string[]) =>
      turns.take(indices, () => {
        begun.push(name);
        return new Promise<string>((resolve, reject) => {
          ends.set(name, (failure) => (failure === undefined ? resolve(name) : reject(failure)));
        });
      });
    const end = async (name: string, failure?: Error) => {
      ends.get(name)?.(failure);
      await nextTurn();
    };
    return { begun, take, end };
  }

  test("come one after the other where an index is wanted twice, and at once where none is", async () => {
    const { begun, take, end } = surroundings();

    const all = [take("ab", "a", "b"), take("cd", "c", "d"), take("bc", "b", "c"), take("a", "a")];
    await nextTurn();
    const atFirst = [...begun];
    await end("ab");
    const withoutAb = [...begun];
    await end("cd");
    await end("bc");
    await end("a");

    expect(atFirst).toEqual(["ab", "cd"]);
    expect(withoutAb).toEqual(["ab", "cd", "a"]);
    expect(begun).toEqual(["ab", "cd", "a", "bc"]);
    expect(await Promise.all(all)).toEqual(["ab", "cd", "bc", "a"]);
  });

  test("go on after one that fails", async () => {
    const { begun, take, end } = surroundings();

    const failing = take("first", "a").catch((error: Error) => error.message);
    const next = take("next", "a");
    await nextTurn();
    await end("first", new Error("refused"));
    await end("next");

    expect(await failing).toBe("refused");
    expect(await next).toBe("next");
    expect(begun).toEqual(["first", "next"]);
  });
});
