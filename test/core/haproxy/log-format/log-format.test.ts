import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { FIELD_KINDS } from "#core/events/types/event-types.ts";
import { LOG_ALIASES } from "#core/haproxy/log-format/aliases.ts";
import { builtInFormats, optionFormat } from "#core/haproxy/log-format/built-in-formats.ts";
import {
  fieldsOf,
  isField,
  type LogField,
  type LogFormat,
  type PrintedValue,
} from "#core/haproxy/log-format/log-format.ts";
import { LogFormatError } from "#core/haproxy/log-format/log-format-error.ts";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { HAPROXY_FIELDS } from "#core/haproxy/logs/fields.ts";
import { haproxyParser } from "#core/haproxy/parser/haproxy-parser.ts";

const read = (text: string): LogFormat => readLogFormat("test", text);

const field = (text: string): LogField => {
  const [only, ...others] = fieldsOf(read(text));
  expect(others).toEqual([]);
  return only as LogField;
};

const partsOf = (text: string): string[] =>
  read(text).parts.map((part) => (isField(part) ? `<${part.name}>` : part.literal));

function errorOf(text: string): LogFormatError {
  try {
    read(text);
  } catch (error) {
    return error as LogFormatError;
  }
  throw new Error(`${text} is read`);
}

describe("a log-format", () => {
  test.each([
    ["%ci:%cp [%t]", ["<ci>", ":", "<cp>", " [", "<t>", "]"]],
    ["%Ts.%ms", ["<Ts>", ".", "<ms>"]],
    ["100%% of %ST", ["100% of ", "<ST>"]],
    ["%[ssl_fc_err,hex]/%[ssl_c_err]", ["<ssl_fc_err>", "/", "<ssl_c_err>"]],
    ["%(sni)[ssl_fc_sni,lower]", ["<sni>"]],
    ["%(client)ci", ["<ci>"]],
    ["%ci %ci %ci", ["<ci>", " ", "<ci_2>", " ", "<ci_3>"]],
    ["no fields", ["no fields"]],
    ["", []],
  ])("%j is read into its literals and fields", (text, parts) => {
    expect(partsOf(text)).toEqual(parts);
  });

  test("spaces side by side are one, and those that a line would begin with none, as HAProxy merges them", () => {
    expect(partsOf("  a  %ci   %cp  ")).toEqual(["a ", "<ci>", " ", "<cp>", " "]);
    expect(partsOf("%{+Q}o   %ci")).toEqual(["<ci>"]);
  });

  test.each([
    ["%[capture.req.hdr(0)]", "capture.req.hdr(0)", []],
    ["%[capture.req.uri,json(utf8s)]", "capture.req.uri", ["json"]],
    ["%[req.hdr(X-Forwarded-For,-1),lower,hex]", "req.hdr(X-Forwarded-For,-1)", ["lower", "hex"]],
    ['%[str("a)b]"),regsub("(x|])",y,g)]', 'str("a)b]")', ["regsub"]],
    ["%[str('a\\)b')]", "str('a\\)b')", []],
    ["%[str(a\\),lower]", "str(a\\)", ["lower"]],
    ['%[str(a\\"),lower]', 'str(a\\")', ["lower"]],
    ["%[src,,ipmask(24)]", "src", ["ipmask"]],
    ["%[table_cnt()]", "table_cnt()", []],
  ])("the expression of %s is taken apart, whatever stands in its arguments", (text, fetch, converters) => {
    const { name, expression } = field(text);

    expect(name).toBe(fetch);
    expect(expression?.fetch).toBe(fetch);
    expect(expression?.converters.map((converter) => converter.name)).toEqual(converters);
    expect(`%[${expression?.text}]`).toBe(text);
  });

  test.each<[string, Partial<PrintedValue>]>([
    ["%ci", { kind: "ip", quoted: false, whenEmpty: "-" }],
    ["%{+Q}ci", { kind: "ip", quoted: true, whenEmpty: '""' }],
    ["%{+X}ci", { kind: "hex", quoted: false }],
    ["%{+Q}cp", { kind: "port", quoted: false }],
    ["%{+Q}ST", { kind: "number", quoted: false }],
    ["%{+Q}tsc", { kind: "state", quoted: false }],
    ["%{+Q}t", { kind: "date", quoted: false }],
    ["%trg", { kind: "date-gmt" }],
    ["%Tl", { kind: "date-zone" }],
    ["%Ts", { kind: "epoch" }],
    ["%{+X}Ts", { kind: "hex" }],
    ["%ms", { kind: "millisecond" }],
    ["%CC", { kind: "text", escape: "none" }],
    ["%{+E}CC", { kind: "text", escape: "backslash" }],
    ["%{+Q,+E}CC", { kind: "text", escape: "backslash", quoted: true }],
    ["%{-M}CC", { kind: "text", whenEmpty: "" }],
    ["%hr", { kind: "headers", whenEmpty: "" }],
    ["%{+Q}hrl", { kind: "header-list", quoted: true, whenEmpty: "" }],
    ["%HU", { kind: "encoded" }],
    ["%{+Q}r", { kind: "request", quoted: true }],
    ["%ID", { kind: "encoded" }],
    ["%[fc_err]", { kind: "number" }],
    ["%[ssl_fc_is_resumed]", { kind: "number" }],
    ["%[sc0_conn_rate]", { kind: "number" }],
    ["%[req.hdr(a),length]", { kind: "number" }],
    ["%[src]", { kind: "ip" }],
    ["%[src_port]", { kind: "port" }],
    ["%[be_name]", { kind: "word" }],
    ["%[capture.req.ver]", { kind: "encoded" }],
    ["%[ssl_fc_err,hex]", { kind: "hex" }],
    ["%[req.hdr(a)]", { kind: "text", escape: "none" }],
    ["%[req.hdr(a),url_enc]", { kind: "encoded" }],
    ["%[req.hdr(a),json(utf8s)]", { kind: "text", escape: "json" }],
    ["%[req.hdr(a),json(utf8s),lower]", { kind: "text", escape: "none" }],
    ["%{+Q}[req.hdr(a)]", { kind: "text", quoted: true, whenEmpty: '""' }],
    ["%{+json}[req.hdr(a)]", { kind: "json" }],
  ])("%s is printed as HAProxy prints it", (text, value) => {
    expect(field(text).value).toMatchObject(value);
  });

  test("flags of %o hold for all that follows, until others take them away", () => {
    const quotedOnes = fieldsOf(read("%f %{+Q}o %f %{-Q}f %f %{-Q}o %f")).map(({ value }) => value.quoted);

    expect(quotedOnes).toEqual([false, true, false, true, false]);
  });

  test("a deprecated name is read as the present one, and remarked on", () => {
    const format = read("%Ci %st");

    expect(fieldsOf(format).map(({ alias }) => alias)).toEqual(["ci", "ST"]);
    expect(format.remarks.map(({ offset }) => offset)).toEqual([1, 5]);
  });

  test("flags that HAProxy does not know are passed over, and remarked on", () => {
    expect(read("%{+toString}ci").remarks).toHaveLength(1);
    expect(read("%{+Z,Q}ci").remarks).toEqual([
      { offset: 2, says: expect.stringContaining('"+Z"') },
      { offset: 5, says: expect.stringContaining('"Q"') },
    ]);
  });

  test("a percent sign before anything else is dropped, and remarked on", () => {
    expect(partsOf('a%"b')).toEqual(['a"b']);
    expect(read('a%"b').remarks).toEqual([{ offset: 1, says: expect.stringContaining("%%") }]);
  });

  test.each([
    ["%foo", 1, "no %foo"],
    ["%ciphers", 1, "no %ciphers"],
    ["%message", 1, "no %message"],
    ["%ci %", 4, "ends within"],
    ["5% ", 2, "after % a name"],
    ["5%5", 2, "after % a name"],
    ["%{+Q}", 5, "must follow"],
    ["%{+Q}-", 5, "must follow"],
    ["%{+Q", 1, "brace"],
    ["%(name", 1, "parenthesis"],
    ["%(na me)ci", 2, "letters"],
    ["%(n:float)ci", 4, "str, sint, bool or raw"],
    ["%[", 2, "sample fetch"],
    ["%[src", 0, "no ]"],
    ["%[src;lower]", 5, "comma or ]"],
    ["%[src,(]", 6, "converter"],
    ["%[src,]", 6, "converter"],
    ["%[req.hdr(a]", 9, "parenthesis"],
    ["%{+cbor}o %(a)ci", 2, "cbor"],
  ])("%j is refused with the place", (text, offset, reason) => {
    const error = errorOf(text);

    expect(error).toBeInstanceOf(LogFormatError);
    expect(error.reason.toLowerCase()).toContain(reason.toLowerCase());
    expect(error.offset).toBe(offset);
    const [, line, caret] = error.message.split("\n");
    expect(caret?.indexOf("^")).toBe(offset + 2);
    expect(line?.slice(2)).toBe(text);
  });

  test("the place of an error far within a long format is shown with what surrounds it", () => {
    const [, line, caret] = errorOf(`${"x".repeat(500)}%foo${"y ".repeat(100)}`).message.split("\n");

    expect(line?.slice(caret?.indexOf("^"))).toMatch(/^fooy/);
    expect(line?.length).toBeLessThan(100);
  });

  test("is refused when it is longer than readers of its lines can be made for", () => {
    const longest = `%ST ${"x".repeat(16_380)}`;

    expect(
      haproxyParser({ formats: [{ format: read(longest) }] })(longest, { zone: "UTC", receivedAtMs: 0 }),
    ).toHaveProperty("rejected");
    expect(errorOf(`${longest}x`).message).toContain("more than 16384 bytes");
    expect(errorOf(`%ci ${"\ufeff".repeat(5461)}`).message).toContain("more than 16384 bytes");
  });
});

describe("a format that is a JSON object", () => {
  const keysOf = (text: string) => read(text).members?.map(({ path, quoted }) => [path.join("."), quoted]);

  test("is keyed by its keys, at any depth", () => {
    const text =
      '{ "time": %Ts.%ms, "who": {"ip":"%ci", "port":%cp}, "list": [%ST, "%B"], "const": true, "id": "a b" }';

    expect(keysOf(text)).toEqual([
      ["time", false],
      ["who.ip", true],
      ["who.port", false],
      ["list.0", false],
      ["list.1", true],
      ["const", false],
      ["id", true],
    ]);
    expect(fieldsOf(read(text)).map(({ name }) => name)).toEqual([
      "Ts",
      "ms",
      "who.ip",
      "who.port",
      "list.0",
      "list.1",
    ]);
  });

  test("holds text where its own quotes stand, and numbers where none do", () => {
    expect(fieldsOf(read('{"a":%ST,"b":"%ST"}')).map(({ type }) => type)).toEqual(["integer", "keyword"]);
  });

  test("can leave the quotes to HAProxy", () => {
    expect(keysOf('{"r":%{+Q}r}')).toEqual([["r", false]]);
  });

  test("has each key once: the last one counts, as to JSON", () => {
    expect(keysOf('{"a":"%ci","a":%cp}')).toEqual([["a", false]]);
  });

  test.each([
    '{%ci:"a"}',
    '{"a":"%ci"',
    '{"a":"%ci"} more',
    '{"a":%ci %cp}',
    '{"a" "%ci"}',
    '{"a":x}',
    "{%hr}",
    '["%ci"]',
    `${'{"a":'.repeat(3_000)}%ci`,
  ])("is not one where JSON is not", (text) => {
    expect(read(text)).toMatchObject({ shape: "text" });
  });

  test("with %{+json}o is what HAProxy prints: of all fields those with a name", () => {
    const format = read("%{+json}o %(client)ci nothing %(headers:str)hr %cp %(when:sint)[date]");

    expect(partsOf(format.text)).toEqual([
      '{"client": ',
      "<client>",
      ', "headers": ',
      "<headers>",
      ', "when": ',
      "<when>",
      "}",
    ]);
    expect(format.shape).toBe("json");
    expect(format.members?.map(({ path }) => path)).toEqual([["client"], ["headers"], ["when"]]);
    expect(fieldsOf(format).map(({ type }) => type)).toEqual(["keyword", "keyword", "long"]);
    expect(format.remarks).toEqual([{ offset: 47, says: expect.stringContaining("cp") }]);
  });
});

describe("what is known without a configuration", () => {
  test("every alias says what it means, in one line", () => {
    for (const [name, { meaning }] of Object.entries(LOG_ALIASES)) {
      expect([name, meaning]).toEqual([name, expect.stringMatching(/^\S.{5,110}[^.]$/)]);
    }
  });

  test("every alias is indexed as the type haproxy declares it", () => {
    for (const name of Object.keys(LOG_ALIASES)) {
      const { type } = field(`%${name}`);
      const declared = HAPROXY_FIELDS[name as keyof typeof HAPROXY_FIELDS] ?? type;
      expect([name, type]).toEqual([name, declared]);
      expect(FIELD_KINDS).toContain(type);
    }
  });

  test("built-in formats are read without a remark, and no two alike", () => {
    expect(builtInFormats().flatMap(({ remarks }) => remarks)).toEqual([]);
    expect(new Set(builtInFormats().map(({ name }) => name)).size).toBe(builtInFormats().length);
  });

  test("clf quotes names but neither the client's address nor numbers", () => {
    const quoted = fieldsOf(optionFormat("clf")).flatMap(({ name, value }) => (value.quoted ? [name] : []));

    expect(quoted).toEqual(["r", "ft", "b", "s", "CC", "CS", "hrl", "hsl"]);
  });
});

describe("any log-format", () => {
  const LITERALS = fc.stringMatching(/^[!-$&-~]{1,6}$/);
  const FLAGS = fc
    .subarray(["Q", "X", "E", "M"] as const)
    .chain((names) => fc.tuple(...names.map((name) => fc.constantFrom("+", "-").map((sign) => [name, sign] as const))));
  const flagsText = (flags: readonly (readonly [string, string])[]): string =>
    flags.length === 0 ? "" : `{${flags.map(([name, sign]) => sign + name).join(",")}}`;
  const ARGUMENT = fc.oneof(fc.stringMatching(/^[a-z0-9.-]{1,8}$/), fc.stringMatching(/^"[ -!#-[\]-~]{0,8}"$/));
  const CALL = fc
    .tuple(fc.constantFrom("req.hdr", "var", "src", "json", "hex", "table_cnt"), fc.array(ARGUMENT, { maxLength: 3 }))
    .map(([name, args]) => (args.length === 0 ? name : `${name}(${args.join(",")})`));

  const ALIAS_ITEM = fc
    .record({ flags: FLAGS, alias: fc.constantFrom(...Object.keys(LOG_ALIASES)) })
    .map(({ flags, alias }) => ({ text: `%${flagsText(flags)}${alias}`, flags, alias }));
  const SAMPLE_ITEM = fc
    .record({ flags: FLAGS, calls: fc.array(CALL, { minLength: 1, maxLength: 3 }) })
    .map(({ flags, calls }) => ({
      text: `%${flagsText(flags)}[${calls.join(",")}]`,
      flags,
      expression: calls.join(","),
    }));
  const SEPARATED_ITEM = fc.tuple(fc.oneof(ALIAS_ITEM, SAMPLE_ITEM), fc.constantFrom(" ", "/", " - ", "|"), LITERALS);

  test("that is put together of parts is read into these parts", () => {
    fc.assert(
      fc.property(fc.array(SEPARATED_ITEM, { minLength: 1, maxLength: 12 }), (items) => {
        const text = items.map(([item, separator, literal]) => item.text + separator + literal).join("");

        const { parts } = read(text);

        expect(parts).toHaveLength(2 * items.length);
        items.forEach(([item, separator, literal], index) => {
          const [part, after] = [parts[2 * index] as LogField, parts[2 * index + 1]];
          expect(text.startsWith(item.text, part.offset)).toBe(true);
          expect("alias" in item ? part.alias : part.expression?.text).toBe(
            "alias" in item ? item.alias : item.expression,
          );
          expect(after).toEqual({ literal: separator + literal });
          for (const [name, sign] of item.flags) expect(part.flags[name]).toBe(sign === "+");
        });
      }),
    );
  });

  test("gives every field a name of its own", () => {
    fc.assert(
      fc.property(fc.array(SEPARATED_ITEM, { maxLength: 30 }), (items) => {
        const names = fieldsOf(read(items.map(([item, separator]) => item.text + separator).join(""))).map(
          ({ name }) => name,
        );

        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });

  test("of any characters is read or refused with a place within it, and nothing else is thrown", () => {
    const characters = fc.constantFrom(..."%[](){}+-,:\"'\\ acioQjs0", "ci", "%{+json}o", "%(", "json");
    fc.assert(
      fc.property(fc.array(characters, { maxLength: 40 }), (pieces) => {
        const text = pieces.join("");
        try {
          const { parts } = read(text);
          expect(
            parts.some((part, index) => !isField(part) && index > 0 && !isField(parts[index - 1] as LogField)),
          ).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(LogFormatError);
          expect((error as LogFormatError).offset).toBeLessThanOrEqual(text.length);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
