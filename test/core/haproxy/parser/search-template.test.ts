import { describe, expect, test } from "@jest/globals";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { haproxyParser } from "#core/haproxy/parser/haproxy-parser.ts";
import type { HeaderCounts } from "#core/haproxy/parser/line-template.ts";
import type { FieldValue, ParsedLine } from "#core/haproxy/parser/record.ts";
import { latin1Of } from "#core/haproxy/parser/text.ts";
import { parseHaproxyLine } from "#test/support/samples/parse-haproxy-line.ts";

const context = { zone: "UTC", receivedAtMs: Date.parse("2026-11-22T13:00:00Z") };

function parse(format: string, message: string, captures?: HeaderCounts): ParsedLine {
  const parser = haproxyParser({ formats: [{ format: readLogFormat("own", format), captures }] });
  return parser(Buffer.from(latin1Of(message), "latin1"), context);
}

const fieldsOf = (parsed: ParsedLine) =>
  "record" in parsed && !parsed.record.truncated ? parsed.record.fields : parsed;

type Row = readonly [format: string, line: string, fields: Readonly<Record<string, FieldValue>>];

describe("what is not there", () => {
  test.each<Row>([
    ["%{+Q}cp %{+Q}sp|%ST", '40001 ""|200', { cp: 40001, sp: "-", ST: 200 }],
    ["%{+Q}si:%{+Q}sp %ST", '"":"" 200', { si: "", sp: "-", ST: 200 }],
    ["%{+X}fp %{+Q,+X}sp %ST", '9B09 "" 200', { fp: "9B09", sp: '""', ST: 200 }],
    ["%{-M}bi=%{-M}bp]", "=]", { bi: "", bp: "-" }],
    ["%{+Q}[int(5)] %{+Q}[fc_err]", '"5" ""', { "int(5)": 5, fc_err: "-" }],
    ["%ST#%{-M}[capture.req.uri,json(utf8s)]", "200#", { ST: 200, "capture.req.uri": "" }],
    ["%{-M}CC %ST %{-M}CS", " 200 ", { CC: "", ST: 200, CS: "" }],
    ["%{+Q}HQ %ST", '"" 200', { HQ: "", ST: 200 }],
  ])("in %s is found in its place: %s", (format, line, fields) => {
    expect(fieldsOf(parse(format, line))).toEqual(fields);
  });

  test("takes the space after it along where HAProxy is of 3.0 or later, and leaves it where it is older", () => {
    expect(fieldsOf(parse("%ST %{-M}ci %B", "200  7"))).toEqual({ ST: 200, ci: "", B: 7 });
    expect(fieldsOf(parse("%ST %{-M}ci %B", "200 7"))).toEqual({ ST: 200, ci: "", B: 7 });
  });

  test("is nothing rather than what stands before it", () => {
    expect(fieldsOf(parse("%{-M}o%HPO %CC;%b.", "/a ;fe.x."))).toEqual({ HPO: "/a", CC: "", b: "fe.x" });
  });

  test("is told from a port in hexadecimal by its quotes only", () => {
    expect(fieldsOf(parse("%{+X}bp-%ST", "--200"))).toEqual({ bp: "-", ST: 200 });
  });
});

describe("captured headers", () => {
  test("in a list without quotes are one, spaces and all, where one is captured", () => {
    expect(fieldsOf(parse("%ST|%hsl", "200|x y/1 #7Bz#7C#7D", { response: 1 }))).toEqual({
      ST: 200,
      hsl: ["x y/1 #7Bz#7C#7D"],
    });
  });

  test("in a list end where the braces of a block begin", () => {
    expect(fieldsOf(parse("%hsl%hs %ST", "x y{x y} 200", { response: 1 }))).toEqual({
      hsl: ["x y"],
      hs: ["x y"],
      ST: 200,
    });
  });

  test("are not looked for in what stands in their place where nothing is captured", () => {
    expect(fieldsOf(parse("%ST %hs{%B", "200 {7"))).toEqual({ ST: 200, B: 7 });
    expect(fieldsOf(parse('%{+Q}hsl" "%{+Q}b', '" ""app"', { response: 1 }))).toEqual({ hsl: null, b: "app" });
  });

  test("are not taken for the end of a value before them", () => {
    expect(fieldsOf(parse("%CC %hr %ST", "SID=a {b} {h} 200", { request: 1 }))).toEqual({
      CC: "SID=a {b}",
      hr: ["h"],
      ST: 200,
    });
    expect(fieldsOf(parse("%HPO}%hr$x", "/a}{h|}$x", { request: 2 }))).toEqual({ HPO: "/a", hr: ["h", ""] });
    expect(fieldsOf(parse("%CC %hr %ST", "- 400", { request: 1 }))).toEqual({ CC: "-", ST: 400 });
  });

  test("take the space behind them along where nothing is captured", () => {
    expect(fieldsOf(parse("%hrl st=%b", "st=app", { request: 0 }))).toEqual({ hrl: null, b: "app" });
    expect(fieldsOf(parse("%ST %hsl %hrl %b", "200 app", {}))).toEqual({ ST: 200, b: "app" });
  });
});

describe("values without a space between", () => {
  test.each<Row>([
    ["%Tr%t", "-122/Nov/2026:08:47:01.289", { Tr: -1, t: "22/Nov/2026:08:47:01.289" }],
    ["%si%T", "127.0.0.122/Nov/2026:13:47:01 +0000", { si: "127.0.0.1", T: "22/Nov/2026:13:47:01 +0000" }],
    ["%ci.%ft<", "127.0.0.1.web<", { ci: "127.0.0.1", ft: "web" }],
    ["%ci:%sp:%Tw=", "::1:38381:0=", { ci: "::1", sp: 38381, Tw: 0 }],
    ["%ci.", "127.0.0.1.", { ci: "127.0.0.1" }],
    ["%fi:%{+E}[var(txn.a),hex]|", "127.0.0.1:636363|", { fi: "127.0.0.1", "var(txn.a)": "636363" }],
    ["%Ts", "1795355092", { Ts: 1795355092 }],
    ["%Ts%ms", "1795355092007", { Ts: 1795355092, ms: 7 }],
    ["%ST%ms", "0737", { ST: 0, ms: 737 }],
    ["%Tw-%Tc", "-1--1", { Tw: -1, Tc: -1 }],
  ])("in %s are told by their shapes: %s", (format, line, fields) => {
    expect(fieldsOf(parse(format, line))).toEqual(fields);
  });
});

test("an unencoded value is all that the values behind it cannot be", () => {
  expect(fieldsOf(parse("%CC %HU %ST", "SID=a b c /x 200"))).toEqual({ CC: "SID=a b c", HU: "/x", ST: 200 });
});

describe("the name that a hostile TLS client asks for", () => {
  const HTTPSLOG =
    '192.0.2.7:40001 [22/Nov/2026:01:22:46.321] web~ app/a1 0/1/2/3/4 200 77 SID=a SID=b "c" d ---- 5/4/3/2/1 7/6 {h} "GET / HTTP/1.1" 0/0000000000000000/0/0/0 ';

  test.each(["-", "shop.example", 'a b"/TLSv1.3 x', "x/TLSv1.3/E", " "])("is read whatever it is: %s", (name) => {
    const fields = fieldsOf(parseHaproxyLine(`${HTTPSLOG}${name}/TLSv1.2/ECDHE-RSA-AES256-SHA`, context));

    expect(fields).toMatchObject({ ssl_fc_sni: name, sslv: "TLSv1.2", sslc: "ECDHE-RSA-AES256-SHA" });
    expect(fields).toMatchObject({ CC: "SID=a", CS: 'SID=b "c" d', tsc: "----", r: "GET / HTTP/1.1" });
  });
});

describe("literals", () => {
  test("that are not ASCII are found as UTF-8, in JSON as well", () => {
    expect(fieldsOf(parse("%STé%b", "200éapp"))).toEqual({ ST: 200, b: "app" });
    expect(fieldsOf(parse('{"é":"%ST ü %B"}', '{"é":"200 ü 7"}'))).toEqual({ é: "200 ü 7" });
  });

  test("with a bracket are not taken for one that is escaped in a value", () => {
    expect(fieldsOf(parse("[%{+E}HU] %ST", "[/a\\]b] 200"))).toEqual({ HU: "/a]b", ST: 200 });
    expect(fieldsOf(parse('[%{+E}CC]%{+E}CS"', '[a \\]x]b\\""'))).toEqual({ CC: "a ]x", CS: 'b"' });
  });
});

test("headers with escaped brackets are read without their backslashes", () => {
  const parsed = parse("%{+E}hr %ST", "{a\\]b|c} 200", { request: 2 });

  expect(parsed).toMatchObject({
    record: { fields: { hr: ["a]b", "c"] }, decoded: { request_headers: ["a]b", "c"] } },
  });
});

test("a URI that is escaped as JSON and once more is not taken for the one that came", () => {
  const [once, twice] = ["%[capture.req.uri,json(utf8s)]", "%{+E}[capture.req.uri,json(utf8s)]"];

  expect(parse(`${once} %ST`, "\\/x 200")).toMatchObject({ record: { decoded: { uri: "/x" } } });
  expect(parse(`${twice} %ST`, "\\\\/x 200")).not.toMatchObject({ record: { decoded: expect.anything() } });
});

describe("without a configuration", () => {
  const clf = (cookiesAndHeaders: string): string =>
    `127.0.0.1 - - [22/Nov/2026:12:35:25 +0000] "GET / HTTP/1.1" 200 167 "" "" 40001 311 "web" "app" "a1" 0 0 1 15 16 ---- 8 1 3 1 0 0 0 ${cookiesAndHeaders}`;

  test.each([
    ['"" "" "shop.example" "ua/1 (x; y)" ""', { CC: "", CS: "", headers: ["shop.example", "ua/1 (x; y)", ""] }],
    ['"SID=a" "SID=b" "shop.example"', { CC: "SID=a", CS: "SID=b", headers: ["shop.example"] }],
    ['"SID=a" "SID=b "c" d" "x" ""', { CC: "SID=a", CS: 'SID=b "c" d', headers: ["x", ""] }],
  ])("cookies of clf end where all the rest can be headers: %s", (printed, fields) => {
    expect(fieldsOf(parseHaproxyLine(clf(printed), context))).toMatchObject(fields);
  });
});

test("headers before which a JSON line was cut are not said to be missing", () => {
  const parsed = parse('{"a":%ST,"h":"%hr"}', '{"a":200,"h":"{x');

  expect(parsed).toMatchObject({ record: { truncated: true, fields: { a: 200 } } });
  expect(Object.keys("record" in parsed ? parsed.record.fields : {})).toEqual(["a"]);
});
