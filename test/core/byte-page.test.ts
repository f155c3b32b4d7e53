import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Fragment, OVERRUN, Page } from "#core/byte-page.ts";

const LENGTH = 2048;
const FILLED = 0xee;

function pageOf(bytes: Uint8Array): Page {
  const page = new Page(LENGTH);
  page.bytes.fill(FILLED);
  page.bytes.set(bytes);
  return page;
}

/** Far more than the engine's own copying begins with. */
const someBytes = fc.uint8Array({ maxLength: 600 });
const part = fc.tuple(someBytes, fc.nat(600), fc.nat(600)).map(([bytes, one, other]) => {
  const [from, to] = [one, other].map((at) => at % (bytes.length + 1)).sort((a, b) => a - b) as [number, number];
  return { bytes, from, to };
});

/** That nothing else changed, but for what a copy may overrun. */
function expectOnly(page: Page, at: number, end: number, before: Buffer): void {
  expect(page.bytes.subarray(0, at)).toEqual(before.subarray(0, at));
  expect(page.bytes.subarray(end + OVERRUN)).toEqual(before.subarray(end + OVERRUN));
}

describe("a page", () => {
  test("holds a copy of a part behind it, however near, and nothing else but the overrun is changed", () => {
    fc.assert(
      fc.property(part, fc.nat(9), ({ bytes, from, to }, gap) => {
        const page = pageOf(bytes);
        const before = Buffer.from(page.bytes);

        const end = page.copy(from, to, to + gap);

        expect(end).toBe(to + gap + to - from);
        expect(page.bytes.subarray(to + gap, end)).toEqual(before.subarray(from, to));
        expectOnly(page, to + gap, end, before);
      }),
    );
  });

  test("gives a part to another page, however long it is", () => {
    fc.assert(
      fc.property(part, fc.nat(900), ({ bytes, from, to }, at) => {
        const [page, other] = [pageOf(bytes), pageOf(new Uint8Array())];
        const before = Buffer.from(other.bytes);

        const end = page.copyTo(other, from, to, at);

        expect(end).toBe(at + to - from);
        expect(other.bytes.subarray(at, end)).toEqual(page.bytes.subarray(from, to));
        expectOnly(other, at, end, before);
      }),
    );
  });
});

describe("a fragment", () => {
  test("is written as it was given, text as UTF-8, and stands only where all of it stands", () => {
    const given = fc.oneof(someBytes, fc.string({ unit: "binary", maxLength: 100 }));
    fc.assert(
      fc.property(given, fc.nat(900), fc.nat(), (text, at, other) => {
        const fragment = new Fragment(text);
        const page = pageOf(new Uint8Array());
        const before = Buffer.from(page.bytes);

        const end = fragment.writeTo(page, at);

        expect(end).toBe(at + fragment.length);
        expect(page.bytes.subarray(at, end)).toEqual(Buffer.from(text));
        expectOnly(page, at, end, before);
        expect(fragment.standsAt(page, at)).toBe(true);
        if (fragment.length === 0) return;
        const changed = at + (other % fragment.length);
        page.bytes[changed] = 1 ^ (page.bytes[changed] as number);
        expect(fragment.standsAt(page, at)).toBe(false);
      }),
    );
  });
});
