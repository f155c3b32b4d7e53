import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  addPacked,
  addPlace,
  BLOCK_PLACES,
  noPlaces,
  pack,
  removePlace,
  sizeOfBoth,
  sizeOfWords,
} from "#stores/embedded/packed-places.ts";

const somePlace = fc.integer({ min: 0, max: BLOCK_PLACES - 1 });
/** Few and many, scattered and side by side. */
const somePlaces = fc.oneof(
  fc.uniqueArray(somePlace, { maxLength: 20 }),
  fc.uniqueArray(somePlace, { minLength: 200, maxLength: 600 }),
  fc.tuple(somePlace, fc.integer({ min: 0, max: BLOCK_PLACES })).map(([from, length]) => {
    return Array.from({ length: Math.min(length, BLOCK_PLACES - from) }, (_, index) => from + index);
  }),
);

function toWords(places: readonly number[]): Uint32Array {
  const words = noPlaces();
  for (const place of places) addPlace(words, place);
  return words;
}

describe("packed places", () => {
  test("are unpacked as they were, in the shorter of the two forms", () => {
    fc.assert(
      fc.property(somePlaces, (places) => {
        const packed = pack(toWords(places));
        const words = noPlaces();
        addPacked(words, packed);

        expect(words).toEqual(toWords(places));
        expect(packed.size).toBe(places.length);
        const bitBytes = places.length === 0 ? 0 : (Math.max(...places) >> 3) - (Math.min(...places) >> 3) + 1;
        expect(packed.places).toHaveLength(Math.min(bitBytes, 2 * places.length));
      }),
    );
  });

  test("are added to what is there, and counted where they meet it", () => {
    fc.assert(
      fc.property(somePlaces, somePlaces, (some, others) => {
        const words = toWords(some);
        const packed = pack(toWords(others));
        const both = others.filter((place) => some.includes(place)).length;

        expect(sizeOfBoth(words, packed)).toBe(both);
        addPacked(words, packed);
        expect(sizeOfWords(words)).toBe(some.length + others.length - both);
      }),
    );
  });

  test("are taken away one by one", () => {
    const words = toWords([0, 31, 32, 4095]);

    for (const place of [31, 4095]) removePlace(words, place);

    expect(words).toEqual(toWords([0, 32]));
  });
});
