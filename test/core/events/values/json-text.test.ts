import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { compactJson, memberText, scanElements } from "#core/events/values/json-text.ts";
import { anyText, jsonPair } from "#test/core/events/arbitraries.ts";

describe("compactJson", () => {
  test("takes away the whitespace between tokens and nothing else", () => {
    fc.assert(fc.property(jsonPair, ({ spaced, compact }) => expect(compactJson(spaced)).toBe(compact)));
  });

  test("keeps what JSON.parse reads", () => {
    fc.assert(
      fc.property(jsonPair, ({ spaced }) => expect(JSON.parse(compactJson(spaced))).toEqual(JSON.parse(spaced))),
    );
  });

  test("answers compact text as it is", () => {
    fc.assert(fc.property(jsonPair, ({ compact }) => expect(compactJson(compact)).toBe(compact)));
  });

  test.each([
    [' {"a" : " b\\" : , " }\n', '{"a":" b\\" : , "}'],
    ['["\\\\" , "\\\\\\"" , 1 ]', '["\\\\","\\\\\\"",1]'],
    ["\t1e400\r\n", "1e400"],
    ['"\u00a0 \u2028"', '"\u00a0 \u2028"'],
  ])("compacts %j", (text, compact) => {
    expect(compactJson(text)).toBe(compact);
  });
});

describe("memberText", () => {
  const anObject = jsonPair.filter(({ compact }) => compact.startsWith("{"));

  test("answers under each key that JSON.parse finds the compact text of the value it finds", () => {
    fc.assert(
      fc.property(anObject, ({ spaced }) => {
        for (const [key, value] of Object.entries(JSON.parse(spaced) as Record<string, unknown>)) {
          const text = memberText(spaced, key) ?? "";

          expect(text).toBe(compactJson(text));
          expect(JSON.parse(text)).toEqual(value);
        }
      }),
    );
  });

  test("answers nothing under a key that JSON.parse does not find", () => {
    fc.assert(
      fc.property(anObject, anyText, ({ spaced }, key) => {
        fc.pre(!Object.hasOwn(JSON.parse(spaced) as object, key));

        expect(memberText(spaced, key)).toBeUndefined();
      }),
    );
  });

  const TEXT =
    ' {"n":1e400,"\\u0061":"\\u0061","a":[ 1 , {"a" : 2} ],"big":12345678901234567890,"__proto__":{}, "n" : 1.0} ';

  test.each([
    ["n", "1.0"],
    ["a", '[1,{"a":2}]'],
    ["big", "12345678901234567890"],
    ["__proto__", "{}"],
    ["\\u0061", undefined],
    ["constructor", undefined],
    ["", undefined],
  ])("answers under %j %s", (key, value) => {
    expect(memberText(TEXT, key)).toBe(value);
  });

  test("reads values nested deeper than calls can be", () => {
    const deep = "[".repeat(200_000) + "]".repeat(200_000);

    expect(memberText(`{"deep":${deep}}`, "deep")).toBe(deep);
  });
});

describe("scanElements", () => {
  const anArray = jsonPair.filter(({ compact }) => compact.startsWith("["));

  test("answers the text of each element as it stands", () => {
    fc.assert(
      fc.property(anArray, ({ spaced }) => {
        const elements = scanElements(spaced, 0);

        expect(elements.map((text) => JSON.parse(text) as unknown)).toEqual(JSON.parse(spaced));
        expect(compactJson(`[${elements.join(",")}]`)).toBe(compactJson(spaced));
        expect(elements.every((text) => spaced.includes(text))).toBe(true);
      }),
    );
  });

  test("answers elements without the whitespace around them but with that inside", () => {
    expect(scanElements(' [ 1 , { "a" : [ ] } , "]" ] ', 0)).toEqual(["1", '{ "a" : [ ] }', '"]"']);
    expect(scanElements("[]", 0)).toEqual([]);
    expect(scanElements("[ ]", 0)).toEqual([]);
  });
});
