import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { allAnswers } from "#core/all-answers.ts";
import { Fragment } from "#core/byte-page.ts";
import { bulksOf } from "#stores/opensearch/bulk.ts";
import { Documents } from "#stores/opensearch/documents.ts";

const bytesOf = (text: string) => Buffer.from(text);

function documentsOf(texts: readonly string[]): Documents {
  const documents = new Documents();
  for (const text of texts) {
    documents.addText(text);
    documents.end();
  }
  return documents;
}

const write = (into: Documents, text: string) => into.addText(text);

describe("documents of a bulk", () => {
  test("are sent as they were written, in part or all, whatever they are made of", () => {
    const text = fc.string({ unit: "binary", maxLength: 200 }).map((text) => text.repeat(300));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), fc.nat(4), (texts, some) => {
        const documents = documentsOf(texts);
        const places = [...texts.keys()].filter((place) => place !== some);

        expect(documents.bodyOf().equals(bytesOf(texts.join("")))).toBe(true);
        expect(documents.bodyOf(places).equals(Buffer.concat(places.map((at) => bytesOf(texts[at] as string))))).toBe(
          true,
        );
        documents.release();
      }),
    );
  });

  test("give their bytes to others when they are done with, unless somebody may be sending them still", () => {
    const [done, left] = [documentsOf(["done"]), documentsOf(["left"])];
    const [bodyOfDone, bodyOfLeft] = [done.bodyOf(), left.bodyOf()];

    done.release();
    left.leave();
    left.release();
    for (let next = 0; next < 8; next++) documentsOf(["next"]);

    expect(bodyOfDone).toEqual(bytesOf("next"));
    expect(bodyOfLeft).toEqual(bytesOf("left"));
  });

  test("hold a text twice where it is said twice, however long it is", () => {
    const documents = new Documents();

    documents.addTwice("é".repeat(40_000), new Fragment("|"));
    documents.end();

    expect(documents.bodyOf().toString()).toBe(`${"é".repeat(40_000)}|${"é".repeat(40_000)}`);
  });

  test("keep what they hold when others take the place of those that are done", () => {
    const first = documentsOf(["first"]);
    first.release();
    const second = documentsOf(["second"]);
    const third = documentsOf(["third"]);

    expect([second, third].map((documents) => documents.bodyOf().toString())).toEqual(["second", "third"]);
  });
});

describe("bulks", () => {
  test("end before the document that makes them too long, or too many", () => {
    const texts = ["a".repeat(1_000_000), "b".repeat(666_000), "c", "d".repeat(3_000_000), ...Array(2501).fill("e")];

    const bulks = [...bulksOf(texts, write)];

    expect(bulks.map(({ from, documents }) => [from, documents.length])).toEqual([
      [0, 2],
      [2, 1],
      [3, 1],
      [4, 2500],
      [2504, 1],
    ]);
    expect(bulks.map(({ documents }) => documents.bodyOf().toString()).join("")).toBe(texts.join(""));
  });

  test("are none without documents", () => {
    expect([...bulksOf([], write)]).toEqual([]);
  });
});

test("a failure of what was asked together is told when all of it has ended", async () => {
  const log: string[] = [];
  const slow = new Promise<void>((resolve) => setImmediate(resolve)).then(() => void log.push("slow ended"));

  const failure = allAnswers([Promise.reject(new Error("quick")), slow]).catch((error: Error) =>
    log.push(error.message),
  );
  await failure;

  expect(log).toEqual(["slow ended", "quick"]);
});
