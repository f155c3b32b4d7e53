import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { stringify } from "yaml";
import { formatOf, readSource } from "#core/artifacts/read-source.ts";
import type { PulseError } from "#core/errors.ts";

const faultsOf = async (source: string, format: "json" | "yaml" = "yaml"): Promise<readonly string[]> => {
  try {
    await readSource(source, format, "a");
  } catch (error) {
    return (error as PulseError).faults.map(({ pointer, detail }) => `${pointer} ${detail}`);
  }
  return [];
};

describe("a source in YAML", () => {
  test("says what JSON of the same value says", async () => {
    const value = fc.dictionary(fc.string({ unit: "grapheme-ascii" }), fc.jsonValue({ maxDepth: 3 })).filter(
      // A name is compared with the path's.
      (object) => !Object.hasOwn(object, "name"),
    );
    await fc.assert(
      fc.asyncProperty(value, async (object) => {
        const json = JSON.stringify(object);

        expect(await readSource(json, "yaml", "a")).toEqual(JSON.parse(json));
        expect(await readSource(stringify(JSON.parse(json), { aliasDuplicateObjects: false }), "yaml", "a")).toEqual(
          JSON.parse(json),
        );
      }),
    );
  });

  test("is refused or read whatever it is, and never throws anything else", async () => {
    const token = fc.constantFrom(
      "a",
      ": ",
      "- ",
      "\n",
      "  ",
      "[",
      "]",
      "{",
      "}",
      ",",
      "'",
      '"',
      "&a ",
      "*a",
      "!t ",
      "|",
      ">",
      "#",
      "%",
      "---\n",
      "?",
      "!!str ",
      "<<",
      "\t",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(token, { maxLength: 40 }), async (tokens) => {
        try {
          await readSource(tokens.join(""), "yaml", "a");
        } catch (error) {
          expect(error).toMatchObject({ name: "PulseError", kind: "invalid-input" });
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["a: 1\na: 2\n", 'has the key "a" twice (line 2, column 1)'],
    ["{a: 1, b: {'c': 1, c: 2}}", 'has the key "c" twice (line 1, column 20)'],
    ["1: a\n'1': b\n", 'has the key "1" twice (line 2, column 1)'],
    ["a: 1\n---\nb: 2\n", "holds more than one document (line 2, column 1)"],
    ["? [a]\n: 1\n", "has a key that is no plain value (line 1, column 3)"],
    ["a: !env HOME\n", "has the tag !env, which is not taken (line 1, column 9)"],
    ["a: !!binary aGk=\n", "has the tag tag:yaml.org,2002:binary, which is not taken (line 1, column 13)"],
    ["!!set {a, b}\n", "has the tag tag:yaml.org,2002:set, which is not taken (line 1, column 7)"],
    ["a: &x 1\nb: *x\n", "has the alias *x: write out what it stands for (line 2, column 4)"],
    ["%YAML 1.1\n---\na: yes\n", "is YAML 1.1, only 1.2 is taken"],
    ["just a word", 'must be an object or a list, not "just a word"'],
    ["", "must be an object or a list, not null"],
    ["name: b\n", 'must be the name in the path, "a", not "b"'],
  ])("%j is refused with its fault and where that is", async (source, fault) => {
    expect(await faultsOf(source)).toContainEqual(expect.stringContaining(fault));
  });

  test("names all of its faults, but not thousands", async () => {
    expect(await faultsOf("a: !x 1\nb: !y 2\n")).toHaveLength(2);
    expect(await faultsOf("- !x 1\n".repeat(5000))).toHaveLength(21);
  });

  test("that would become gigabytes is refused at once", async () => {
    const bomb = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"];
    for (let level = 1; level < 30; level++)
      bomb.push(
        `a${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(", ")}]`,
      );
    const beganMs = performance.now();

    expect((await faultsOf(bomb.join("\n")))[0]).toContain("has the alias *a0");
    expect(performance.now() - beganMs).toBeLessThan(5_000);
  });

  test.each([
    ["lists", "[".repeat(100_000)],
    ["lists in blocks", "- ".repeat(100_000)],
    ["objects", '{"a":'.repeat(50_000)],
  ])("that nests %s too deep is refused", async (_, source) => {
    expect(await faultsOf(source)).toEqual([" is nested too deep"]);
  });

  test("with four times as many keys takes four times as long, not sixteen", async () => {
    const cpuSecondsOf = async (count: number): Promise<number> => {
      const source = Array.from({ length: count }, (_, index) => `key${index}: ${index}`).join("\n");
      const before = process.cpuUsage();
      expect(Object.keys(await readSource(source, "yaml", "a"))).toHaveLength(count);
      return process.cpuUsage(before).user / 1e6;
    };
    await cpuSecondsOf(5000);

    expect(await cpuSecondsOf(20_000)).toBeLessThan(10 * (await cpuSecondsOf(5000)));
  });

  test("may have keys that objects inherit", async () => {
    const read = (await readSource("__proto__: {a: 1}\nconstructor: 2\n", "yaml", "a")) as Record<string, unknown>;

    expect(Object.keys(read)).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });
});

describe("a source in JSON", () => {
  test.each([
    ["{a: 1}", "is not JSON"],
    ["1", "must be an object or a list, not 1"],
    ['{"name":null}', 'must be the name in the path, "a", not null'],
  ])("%j is refused", async (source, fault) => {
    expect(await faultsOf(source, "json")).toEqual([expect.stringContaining(fault)]);
  });

  test("may be a list, and may have the name of the path", async () => {
    expect(await readSource("[]", "json", "a")).toEqual([]);
    expect(await readSource('{"name":"a"}', "json", "a")).toEqual({ name: "a" });
  });
});

describe("the media type of a source", () => {
  test.each([
    ["", "json"],
    ["application/json", "json"],
    ["application/yaml", "yaml"],
    ["application/x-yaml", "yaml"],
    ["text/yaml", "yaml"],
  ] as const)("%j is %s", (type, format) => {
    expect(formatOf(type)).toBe(format);
  });

  test.each(["text/plain", "constructor", "application/xml"])("%j is not taken", (type) => {
    expect(() => formatOf(type)).toThrow(expect.objectContaining({ kind: "unsupported-media-type" }));
  });
});
