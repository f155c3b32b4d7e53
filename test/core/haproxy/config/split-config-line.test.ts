// biome-ignore-all lint/suspicious/noTemplateCurlyInString: haproxy.cfg writes its variables like this
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { splitConfigLine } from "#core/haproxy/config/split-config-line.ts";

const VARIABLES: Readonly<Record<string, string>> = { NAME: "value", LIST: " one  two ", EMPTY: "", _x1: "y" };
const split = (line: string) => splitConfigLine(line, (name) => VARIABLES[name]);
const words = (line: string): readonly string[] => {
  const found = split(line);
  if ("reason" in found) throw new Error(found.reason);
  return found.words;
};

describe("a line of haproxy.cfg", () => {
  test.each<[string, string[]]>([
    ["  log-format  %ci\t%cp ", ["log-format", "%ci", "%cp"]],
    ["", []],
    ["# all of it", []],
    ["mode http # the rest", ["mode", "http"]],
    ["a#b", ["a"]],
    ["a\\#b", ["a#b"]],
    ["a\\ b", ["a b"]],
    ["a\\\\b", ["a\\b"]],
    ["\\t\\n\\r\\x41\\x0a", ["\t\n\rA\n"]],
    ["\\d+ \\1", ["\\d+", "\\1"]],
    ["ends\\", ["ends\\"]],
    ["\\\"a\\'", ["\"a'"]],
    ['"a b"c', ["a bc"]],
    ["'a \"#\\ $NAME'", ['a "#\\ $NAME']],
    ['"it\'s # one"', ["it's # one"]],
    ['"\\"\\\\\\$x\\n"', ['"\\$x\n']],
    ["a \"\" ''", ["a", "", ""]],
    ['""""', [""]],
    ['"""{\\"ci\\":\\"%ci\\"}"""', ['{"ci":"%ci"}']],
    ["$NAME '$NAME' \"$NAME\"", ["$NAME", "$NAME", "value"]],
    ['"${NAME}s $NAMEs"', ["values "]],
    ['"${NO-or this}" "${EMPTY-not this}" "${NO-}"', ["or this", "", ""]],
    ['"a${LIST[*]}b" c', ["a", "one", "two", "b", "c"]],
    ['"a${NAME[*]}b" c', ["avalueb", "c"]],
    ['"${LIST[*]}" c', ["one", "two", "c"]],
    ['a "${EMPTY[*]}" c', ["a", "c"]],
    ['"$_x1"', ["y"]],
    ["\\$NAME", ["\\$NAME"]],
  ])("%j is cut into words as HAProxy cuts it", (line, expected) => {
    expect(words(line)).toEqual(expected);
  });

  test("names the variables that are not set and have no default", () => {
    expect(split('"$NO" "${NO2}" "${NO3-x}" "${NO4[*]}" "$NAME"')).toMatchObject({ unset: ["NO", "NO2"] });
  });

  test.each([
    ['log "a', 4, "quote"],
    ["'a'b'c", 4, "quote"],
    ['"%ci \\', 0, "quote"],
    ["a\\x4", 1, "hexadecimal"],
    ['"\\xzz"', 1, "hexadecimal"],
    ['"$"', 1, "variable"],
    ['"$1"', 1, "variable"],
    ['"${NAME"', 1, "brace"],
    ['"${NAME+x}"', 1, "brace"],
  ])("%j is refused, with the place", (line, at, reason) => {
    expect(split(line)).toEqual({ at, reason: expect.stringContaining(reason) });
  });

  const SPECIAL = fc.constantFrom(..." \t\"'\\#$%{}[]xntr0aA-");
  const WORD = fc.string({ unit: fc.oneof(SPECIAL, fc.constantFrom(..."é☃~!")), maxLength: 20 });
  const STYLES = {
    weak: (word: string) => `"${word.replace(/["\\$]/g, "\\$&")}"`,
    strong: (word: string) =>
      word
        .split("'")
        .map((part) => `'${part}'`)
        .join("\\'"),
    // An empty word cannot be written without quotes, and a tab only by its name.
    backslashes: (word: string) => (word === "" ? '""' : word.replace(/[ "'#\\]/g, "\\$&").replaceAll("\t", "\\t")),
  };

  test.each(Object.entries(STYLES))("gives any words back that were quoted with %s", (_style, quote) => {
    fc.assert(
      fc.property(fc.array(WORD, { maxLength: 5 }), fc.constantFrom(" ", "\t", "   "), (given, space) => {
        expect(words(given.map(quote).join(space))).toEqual(given);
      }),
      { numRuns: 500 },
    );
  });

  test("is cut or refused, whatever stands in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: SPECIAL, maxLength: 60 }), (line) => {
        const found = split(line);
        expect("reason" in found ? found.at < line.length : found.words.length <= line.length).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
