import { describe, expect, test } from "@jest/globals";
import { builtInFormats, optionFormat } from "#core/haproxy/log-format/built-in-formats.ts";
import { describeFields, indexFields, indexNameOf } from "#core/haproxy/log-format/index-fields.ts";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { type JsonSchema, recordSchema } from "#core/haproxy/log-format/record-schema.ts";
import { HAPROXY_FIELDS } from "#core/haproxy/logs/fields.ts";
import { haproxyParser } from "#core/haproxy/parser/haproxy-parser.ts";
import { capturedLines, goldenFiles } from "#test/core/haproxy/known-lines.ts";

const read = (text: string) => readLogFormat("test", text);

describe("the fields of a format", () => {
  test.each([
    ["ci", "ci"],
    ["ssl_fc_err", "ssl_fc_err"],
    ["capture.req.hdr(0)", "capture_req_hdr_0"],
    ["req.hdr(X-Id,-1)", "req_hdr_X-Id_-1"],
    ["who.ip", "who_ip"],
    ["@timestamp", "timestamp"],
    ["_id", "id"],
    ["...", "_"],
  ])("%s is indexed as %s, for a dot would make an object of it", (name, indexed) => {
    expect(indexNameOf(name)).toBe(indexed);
  });

  test("HAProxy's own names are indexed as they are", () => {
    for (const name of Object.keys(HAPROXY_FIELDS)) expect(indexNameOf(name)).toBe(name);
  });

  test("have types", () => {
    expect(indexFields(read("%ci %ST %Tt %[capture.req.hdr(0)] %[be_conn] %{+X}pid"))).toEqual({
      ci: "keyword",
      ST: "integer",
      Tt: "long",
      capture_req_hdr_0: "keyword",
      be_conn: "long",
      pid: "keyword",
    });
  });

  test("of a JSON object have those of its members", () => {
    const text = '{"time":%Ts.%ms,"at":"%Ts.%ms","ip":{"port":%cp,"sent":"%B"},"tls":true,"kind":"log","none":null}';

    expect(indexFields(read(text))).toEqual({
      time: "double",
      at: "keyword",
      ip_port: "integer",
      ip_sent: "keyword",
      tls: "boolean",
      kind: "keyword",
      none: "keyword",
    });
  });

  test("are described in words, captures by their names", () => {
    const captures = { request: ["Host", "User-Agent"], response: ["Server"], cookie: "ID" };
    const says = describeFields(read("%ci %CC %hr %hsl %[capture.req.hdr(1),lower] %{+X}cp"), captures).map(
      (described) => `${described.asked} ${described.says}`,
    );

    expect(says).toEqual([
      expect.stringMatching(/^%ci .*client/),
      expect.stringMatching(/^%CC .*cookie.*; ID; printed as it came$/),
      expect.stringMatching(/^%hr .*; Host, User-Agent$/),
      expect.stringMatching(/^%hsl .*; Server$/),
      expect.stringMatching(/^%\[capture.req.hdr\(1\),lower\] .*through lower; User-Agent; printed as it came$/),
      expect.stringMatching(/^%cp .*; in hexadecimal$/),
    ]);
  });

  test("of every built-in format have words", () => {
    for (const format of builtInFormats())
      for (const { name, says } of describeFields(format))
        expect([name, says]).toEqual([name, expect.stringMatching(/\w/)]);
  });
});

describe("the schema of a format's records", () => {
  test("has a property for each field, all of them required but headers", () => {
    const { properties, required } = recordSchema(read("%ci %cp %B %hr %CC"));

    expect(required).toEqual(["ci", "cp", "B", "CC"]);
    expect(properties).toMatchObject({
      ci: { type: "string" },
      cp: { anyOf: [{ type: "integer" }, { const: "-" }] },
      B: { type: "integer" },
      B_plus: { const: true },
      hr: { anyOf: [{ type: "array" }, { type: "null" }] },
      CC: { anyOf: [{ type: "string" }, { type: "object" }] },
    });
  });

  test("of a JSON object has its members by their paths", () => {
    const { properties, required } = recordSchema(
      read('{"a":{"b":[%ST,"%ci"]},"c":%Ts.%ms,"d":%B,"e":"%B","f":"%hr"}'),
    );

    expect(required).toEqual(["a.b.0", "a.b.1", "c", "d", "e", "f"]);
    expect(properties).toEqual({
      "a.b.0": { type: "integer" },
      "a.b.1": { anyOf: [{ type: "string" }, expect.anything()] },
      c: { type: ["number", "boolean", "null", "string"] },
      d: { type: "integer" },
      d_plus: { const: true },
      e: { anyOf: [{ type: "string" }, expect.anything()] },
      f: { anyOf: [{ type: "array", items: expect.anything() }, { type: "null" }] },
    });
  });

  test("of an empty object has no properties", () => {
    expect(recordSchema(read("{}"))).toMatchObject({ type: "object", properties: {}, required: [] });
  });

  const schemas = new Map(builtInFormats().map((format) => [format.name, recordSchema(format)]));
  /** What is wrong with records whose format has a schema, and how many these are. */
  function judge(records: readonly { readonly format: string; readonly fields: unknown }[]) {
    const described = records.flatMap(({ format, fields }) => {
      const schema = schemas.get(format);
      return schema === undefined ? [] : [{ schema, fields }];
    });
    return { count: described.length, wrong: described.flatMap(({ schema, fields }) => violations(schema, fields)) };
  }

  test("is met by what is read of captured lines", () => {
    const parse = haproxyParser();
    const parsed = capturedLines.map((line) => parse(line, { zone: "UTC", receivedAtMs: 0 }));

    const { count, wrong } = judge(
      parsed.flatMap((line) => ("record" in line && !line.record.truncated ? [line.record] : [])),
    );

    expect(count).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
  });

  for (const { name, rows } of goldenFiles)
    test(`is met by the records of ${name}`, () => {
      // The labels of error lines come from other values than those the format prints.
      const whole = rows().filter(({ format, expected }) => format !== "error-log-format" && !expected.truncated);

      const { count, wrong } = judge(whole.map(({ format, expected }) => ({ format, fields: expected.fields })));

      expect(count).toBeGreaterThan(100);
      expect(wrong).toEqual([]);
    });

  test("is not met by records of another format", () => {
    const record = { ci: "::1", cp: 1, t: "", ft: "", b: "", s: "", Tw: 0, Tc: 0, Tt: 0, B: 0, ts: "--", ac: 1 };

    expect(violations(recordSchema(optionFormat("tcplog")), record)).toContain("/fc is missing");
    expect(violations(recordSchema(optionFormat("httplog")), record)).toContain("/t is unknown");
    expect(violations(recordSchema(read("%ci")), { ci: 1 })).toEqual(["/ci is no string"]);
  });
});

/** What of JSON Schema record schemas use. */
function violations(schema: JsonSchema, value: unknown, at = ""): string[] {
  const { type, anyOf, properties = {}, required = [], additionalProperties, items } = schema;
  if (anyOf !== undefined)
    return anyOf.some((one) => violations(one, value).length === 0) ? [] : [`${at} is none of ${anyOf.length}`];
  if ("const" in schema) return value === schema.const ? [] : [`${at} is not ${schema.const}`];
  if (type !== undefined && ![type].flat().some((one) => isOfType(value, one))) return [`${at} is no ${type}`];
  if (Array.isArray(value)) return value.flatMap((one, index) => violations(items ?? {}, one, `${at}/${index}`));
  if (type !== "object") return [];
  const members = value as Record<string, unknown>;
  return [
    ...required.filter((name) => !(name in members)).map((name) => `${at}/${name} is missing`),
    ...Object.entries(members).flatMap(([name, member]) => {
      const property = properties[name];
      if (property !== undefined) return violations(property, member, `${at}/${name}`);
      return additionalProperties === false ? [`${at}/${name} is unknown`] : [];
    }),
  ];
}

function isOfType(value: unknown, type: string): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "null") return value === null;
  return typeof value === type && value !== null && !Array.isArray(value);
}
