import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ambiguities } from "#core/haproxy/log-format/ambiguities.ts";
import { builtInFormats } from "#core/haproxy/log-format/built-in-formats.ts";
import { fieldsOf, type LogField, type ValueKind } from "#core/haproxy/log-format/log-format.ts";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { type FieldInput, type LineInput, printLogLine } from "#test/core/haproxy/log-format/print-log-line.ts";

const placesIn = (text: string): string[] =>
  ambiguities(readLogFormat("test", text)).map(({ offset }) => text.slice(offset).split(" ")[0] as string);

const says = (text: string): string[] => ambiguities(readLogFormat("test", text)).map((found) => found.says);

describe("ambiguities", () => {
  test.each([
    "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc",
    "%ci:%cp %CC",
    "%CC %ci:%cp",
    "%CC [%t] %ST",
    "%r %ST",
    "%Ts%ms",
    "%Ts.%ms",
    "%{+Q}CC",
    "%{+Q,+E}o %CC %CS %[req.hdr(a)]",
    '{"a":"%[req.hdr(a),json(utf8s)]","b":"%[req.hdr(b),json(utf8s)]"}',
    "%{+json}o %(a)CC %(b)CS",
    '"%hr" "%hs"',
    "%{+Q}hrl",
    "%[req.hdr(a)]",
    "%hr %{+Q}r",
  ])("has none in %s", (text) => {
    expect(placesIn(text)).toEqual([]);
  });

  test.each([
    ["%CC %CS", ["%CS"]],
    ['"%CC" "%CS"', ['%CS"']],
    ["%{+Q}o %CC %CS", ["%CS"]],
    ["%CC %ST %CS", ["%ST", "%CS"]],
    ["%ST %CC %[req.hdr(a)] %B", ["%[req.hdr(a)]"]],
    ["%[req.hdr(a)]/%[req.hdr(b),hex]/%CC %B", ["%[req.hdr(b),hex]/%CC", "%CC"]],
    ["%ac%fc", ["%fc"]],
    ["%b%s", ["%s"]],
    ["%b:%s %ST", ["%s"]],
    ["%b:%s %f:%s", ["%s", "%s"]],
    ["%HU?%HQ", ["%HQ"]],
    ["%ci:%b", ["%b"]],
    ["%hr %hs", ["%hs"]],
    ["%HU%hr %ST", ["%hr"]],
    ["%CC\\%{+Q,+E}CS %ST", ["%{+Q,+E}CS"]],
    ["%{+Q}o %hrl %hsl", ["%hsl"]],
    ["%hrl %hsl", ["%hrl", "%hsl"]],
    ["%hsl", ["%hsl"]],
    ["%{+Q}o %hrl %r", ["%r"]],
  ])("are found in %s", (text, places) => {
    expect(placesIn(text)).toEqual(places);
  });

  test("name the values, what separates them, and which of them can hold it", () => {
    expect(says("%b:%s")).toEqual(['":" separates %b from %s, and %b and %s can hold it']);
    expect(says("%ac%fc")).toEqual([expect.stringContaining("nothing separates %fc from %ac")]);
    expect(says("%CC %ST %CS")[0]).toBe('" " separates %CC from %ST, and %CC can hold it');
    expect(says("%CC|%cp|%CS")[0]).toBe('"|" separates %CC from %cp, and %CC can hold it');
  });

  test("of two blocks of headers are said where one of them alone could be either", () => {
    expect(says('%{+Q}hs"%{+E}CS"%{+Q}hs')).toEqual([
      "where only one of %hs and %hs is captured, a block and what stands between them could be either's",
    ]);
    expect(says("%{+Q}hs|%{+E}CS|%{+Q}hs").join()).not.toContain("a block and what stands between");
    expect(says("%hr %ST %hs")).toEqual([]);
  });

  test("of headers are gone where it is known how many there are", () => {
    const format = readLogFormat("test", "%hr %hs");

    expect(ambiguities(format, { request: ["Host"], response: [] })).toEqual([]);
  });

  test("of cookies are said of every built-in format that prints them", () => {
    const withCookies = builtInFormats().filter((format) =>
      ambiguities(format).some(({ says }) => says.includes("cookie")),
    );

    expect(withCookies.map(({ name }) => name)).toEqual(["httplog", "httpslog", "clf", "vamp-http"]);
  });

  test("are found wherever two lines of different values are printed alike", () => {
    const pieces = fc.constantFrom(
      ..."%ci %cp %CC %{+Q}CS %ST %b %HU %ts %r %{+Q}r %hr %{+Q}hs %hrl %{+E}CS %{+Q,+E}CS %Ts %{+X}cp".split(" "),
    );
    const separators = fc.constantFrom("", " ", " ", " ", ":", "/", " - ", '"', "-1");
    const texts = fc
      .array(fc.tuple(pieces, separators), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.flat().join(""));
    fc.assert(
      fc.property(texts, (text) => {
        const format = readLogFormat("test", text);
        const printed = new Map<string, string>();
        let areAlike = false;
        for (const input of combinations(fieldsOf(format))) {
          const line = printLogLine(format, input);
          const values = JSON.stringify(input);
          areAlike ||= (printed.get(line) ?? values) !== values;
          printed.set(line, values);
        }
        if (areAlike) expect(ambiguities(format)).not.toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});

/** Values of each kind, as like one another and the separators as they may be. */
const VALUES: Readonly<Partial<Record<ValueKind, readonly FieldInput[]>>> = {
  ip: ["1.1.1.1", "::1", "1::"],
  port: [1, 11],
  number: [1, 11, -1],
  epoch: [1, 11],
  hex: [1, 0x1111],
  word: ["a", "a:1", "1"],
  encoded: ["/", "/:a", "1"],
  state: ["--", "CD"],
  request: ["GET / HTTP/1.1", "a", "a - a", "{a} a"],
  headers: [null, ["a"], ["1", "a"]],
  "header-list": [null, ["a"], ["a", "a"], ["a a"]],
  text: ["a", " ", "1", ":a", '"', "a - a", "{a}", "a {a}", '\\"'],
};

/** Every combination of these values. */
function combinations(fields: readonly LogField[]): LineInput[] {
  return fields.reduce<LineInput[]>(
    (inputs, { name, value }) =>
      inputs.flatMap((input) => (VALUES[value.kind] ?? []).map((one) => ({ ...input, [name]: one }))),
    [{}],
  );
}
