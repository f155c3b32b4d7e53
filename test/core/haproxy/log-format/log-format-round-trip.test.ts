import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { LOG_ALIASES } from "#core/haproxy/log-format/aliases.ts";
import { ambiguities } from "#core/haproxy/log-format/ambiguities.ts";
import { builtInFormats } from "#core/haproxy/log-format/built-in-formats.ts";
import { fieldsOf, type LogField, type LogFormat } from "#core/haproxy/log-format/log-format.ts";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { haproxyParser, type LineParser } from "#core/haproxy/parser/haproxy-parser.ts";
import { textOf } from "#core/haproxy/parser/text.ts";
import { anyLineInput } from "#test/core/haproxy/log-format/any-line-input.ts";
import { encode, type FieldInput, type LineInput, printLogLine } from "#test/core/haproxy/log-format/print-log-line.ts";

const CONTEXT = { zone: "UTC", receivedAtMs: Date.UTC(2026, 10, 22) };

/** Two headers of the request, one of the response: lists say nowhere else where they end. */
const CAPTURES = { request: 2, response: 1 };

/** What a record must hold of these values; what HAProxy prints nothing or a dash for is left out. */
function expectedFields(format: LogFormat, input: LineInput): Record<string, unknown> {
  const expected: Record<string, unknown> = {};
  for (const field of fieldsOf(format)) {
    const value = input[field.name] ?? null;
    if (isPlus(value)) expected[`${field.name}_plus`] = true;
    if (value !== null) expected[field.name] = readBack(field, value);
  }
  return expected;
}

function readBack(field: LogField, value: Exclude<FieldInput, null>): unknown {
  const { kind } = field.value;
  if (typeof value === "number") return kind === "hex" ? value.toString(16).toUpperCase().padStart(4, "0") : value;
  if (typeof value === "string") return textOf(encode(value, kind));
  if (isPlus(value)) return value.plus;
  return value.map((header) => textOf(encode(header ?? "", "headers")));
}

const isPlus = (value: FieldInput): value is { readonly plus: number } =>
  typeof value === "object" && value !== null && "plus" in value;

/** All headers are captured that a frontend captures, or none where there was no request. */
function withCaptures(format: LogFormat, input: LineInput): LineInput {
  const headers = fieldsOf(format).filter(({ alias }) => alias?.startsWith("h"));
  const areThere = headers.every(({ name }) => input[name] !== null);
  const captured = headers.map(({ name, alias }): [string, FieldInput] => {
    const count = alias?.startsWith("hr") ? CAPTURES.request : CAPTURES.response;
    const values = input[name] as readonly (string | null)[];
    return [name, areThere ? Array.from({ length: count }, (_, index) => values[index] ?? null) : null];
  });
  return { ...input, ...Object.fromEntries(captured) };
}

const parserOf = (format: LogFormat): LineParser => haproxyParser({ formats: [{ format, captures: CAPTURES }] });

function comesBack(parse: LineParser, format: LogFormat, input: LineInput): void {
  const line = printLogLine(format, input);

  const parsed = parse(Buffer.from(line, "latin1"), CONTEXT);

  expect([line, parsed]).toEqual([line, { record: expect.objectContaining({ format: format.name }) }]);
  if ("record" in parsed) expect(parsed.record.fields).toMatchObject(expectedFields(format, input));
}

const lineOf = (format: LogFormat): fc.Arbitrary<LineInput> =>
  anyLineInput(format).map((input) => withCaptures(format, input));

describe("a line printed of random values gives them back", () => {
  test.each(builtInFormats().map((format) => [format.name, format] as const))("in the format %s", (_name, format) => {
    const parse = parserOf(format);
    fc.assert(
      fc.property(lineOf(format), (input) => comesBack(parse, format, input)),
      { numRuns: 100 },
    );
  });

  const ITEMS = [
    ...Object.keys(LOG_ALIASES).map((name) => `%${name}`),
    ..."%{+Q}r %{+Q}b %{+Q,+E}CC %{+X}pid %{+X}Ts %[fc_err] %[src] %[be_name] %[capture.req.ver] %[ssl_fc_err,hex]".split(
      " ",
    ),
  ];
  const items = fc.tuple(fc.constantFrom(...ITEMS), fc.constantFrom(" ", " | ", ", ", " x=", " [", "] "));
  const unambiguous = fc
    .uniqueArray(items, { minLength: 1, maxLength: 10, selector: ([item]) => item })
    .map((parts) => readLogFormat("custom", `${parts.flat().join("")}end`))
    .filter((format) => ambiguities(format).length === 0);
  const lines = unambiguous.chain((format) => fc.tuple(fc.constant(format), lineOf(format)));

  test("in any format that is not ambiguous", () => {
    fc.assert(
      fc.property(lines, ([format, input]) => comesBack(parserOf(format), format, input)),
      { numRuns: 150 },
    );
  });

  test("in a JSON object, by its keys", () => {
    const who = '"who":{"ip":"%ci","port":%cp}';
    const format = readLogFormat("json", `{"at":%Ts.%ms,${who},"B":%B,"uri":"%[path,json(utf8s)]","hr":"%hr"}`);
    const input = {
      Ts: 1795310565,
      ms: 8,
      "who.ip": "::1",
      "who.port": 80,
      B: { plus: 7 },
      uri: '/"\\',
      hr: ["a", null],
    };

    const line = printLogLine(format, input);
    const parsed = parserOf(format)(Buffer.from(line, "latin1"), CONTEXT);

    const { "who.ip": ip, "who.port": port, uri } = input;
    const fields = { at: 1795310565.008, "who.ip": ip, "who.port": port, B: 7, B_plus: true, uri, hr: ["a", ""] };
    expect(parsed).toMatchObject({ record: { format: "json", fields } });
  });

  test("in %{+json}o, each of its type", () => {
    const format = readLogFormat("json", "%{+json}o %(a)ci %(b)ST %(c)r %(d)hrl %(e)hr %(f)B %(g)[var(txn.x)]");
    const input = { a: "::1", b: 200, c: 'GET /"\\ HTTP/1.1', d: ["x", 'y"'], e: null, f: { plus: 5 }, g: "\\" };

    const line = printLogLine(format, input);
    const parsed = parserOf(format)(Buffer.from(line, "latin1"), CONTEXT);

    expect(parsed).toMatchObject({
      record: { fields: { a: "::1", b: 200, c: "GET /#22\\ HTTP/1.1", d: ["x", "y#22"], e: null, f: 5, g: "\\" } },
    });
  });
});
