import { canCompile, codeOfFields, type FieldsCode } from "#core/haproxy/compiled/field-code.ts";
import { SecondClock } from "#core/haproxy/compiled/second-clock.ts";
import { WordRuns } from "#core/haproxy/compiled/word-runs.ts";
import { decodeRequest } from "#core/haproxy/decode-request.ts";
import type { LineTemplate } from "#core/haproxy/line-template.ts";
import type { HaproxyRecord } from "#core/haproxy/record.ts";
import type { SyslogHeader } from "#core/haproxy/syslog.ts";
import type { LineContext } from "#core/haproxy/to-record.ts";

/**
 * Reads the message that stands in an ASCII text from `at` to `end`. Undefined when that is none of the format, or one
 * that only the matcher reads: with an unencoded space, a plus sign, cut. What it reads, it reads as the matcher does.
 */
export type CompiledReader = (
  text: string,
  at: number,
  end: number,
  syslog: SyslogHeader,
  context: LineContext,
) => HaproxyRecord | undefined;

/**
 * Makes a function for the ordinary lines of one format, in which each field is a few comparisons of its own: ten times as
 * fast as the matcher, which knows every format and reads every line. Undefined for formats with fields of other kinds.
 */
export function compileTemplate(template: LineTemplate): CompiledReader | undefined {
  if (!canCompile(template)) return undefined;
  const code = codeOfFields(template);
  const tools = {
    clock: new SecondClock(),
    runs: code.runs.map((separators) => new WordRuns(separators)),
    decodeRequest,
    splitBlock,
    toDecodedHeaders,
  };
  // All that is the format's own is in the code as a JSON literal; nothing of a line ever becomes code.
  return new Function("tools", sourceOf(template, code))(tools) as CompiledReader;
}

function sourceOf(template: LineTemplate, { statements, runs, values, ...special }: FieldsCode): string {
  const { time, ft, request, headers, responseHeaders } = special;
  const members = [
    `format: ${JSON.stringify(template.format.name)}`,
    "syslog",
    "message: text.slice(at, end)",
    "truncated: false",
    "fields",
    ...(time === undefined ? [] : [`time_ms: ${time}`]),
    ...(ft === undefined ? [] : [`frontend: ${ft.frontend}`, `tls: ${ft.tls}`]),
  ].join(", ");
  return `
    "use strict";
    const { clock, decodeRequest, splitBlock, toDecodedHeaders } = tools;
    ${runs.map((_, index) => `const runs${index} = tools.runs[${index}];`).join("\n")}
    return function read(text, at, end, syslog, context) {
      let p = at, q = 0, c = 0, n = 0, isNegative = false, hasVanished = false;
      ${statements}
      let fields;
      ${fieldsCode(template, values)}
      ${request === undefined ? "const decoded = undefined;" : decodedCode(request, headers, responseHeaders)}
      return decoded === undefined ? { ${members} } : { ${members}, decoded };
    };`;
}

/** Captured headers are all in a line, or none is: of those that are not, the record has no field. */
function fieldsCode({ fields }: LineTemplate, values: readonly string[]): string {
  const members = fields.map(({ field, vanishes }, index) => {
    const value = values[index] as string;
    return { vanishes, value, code: `${JSON.stringify(field.name)}: ${value}` };
  });
  const objectOf = (some: typeof members): string => `{ ${some.map(({ code }) => code).join(", ")} }`;
  const vanishing = members.filter(({ vanishes }) => vanishes).map(({ value }) => value);
  if (vanishing.length === 0) return `fields = ${objectOf(members)};`;
  return `
    if (${vanishing.map((value) => `${value} !== undefined`).join(" && ")}) fields = ${objectOf(members)};
    else if (${vanishing.map((value) => `${value} === undefined`).join(" && ")})
      fields = ${objectOf(members.filter(({ vanishes }) => !vanishes))};
    else return undefined;`;
}

/** A request of HTTP/1.1 is taken apart in place where nothing in the line is encoded. */
const decodedCode = (request: string, headers = "undefined", responseHeaders = "undefined"): string => `
  let decoded;
  const method = ${request}.indexOf(" ");
  const version = ${request}.length - 9;
  if (isPlain && ${headers} !== undefined && ${responseHeaders} !== undefined
      && method < version && ${request}.endsWith(" HTTP/1.1"))
    decoded = {
      method: ${request}.slice(0, method),
      uri: ${request}.slice(method + 1, version),
      version: "HTTP/1.1",
      request_headers: toDecodedHeaders(${headers}),
      response_headers: toDecodedHeaders(${responseHeaders}),
    };
  else decoded = decodeRequest(${request}, { request: ${headers}, response: ${responseHeaders} });`;

/** The headers of a block whose brace stands before \`from\`, and after \`to\`. */
function splitBlock(text: string, from: number, to: number): string[] {
  const headers: string[] = [];
  let at = from;
  for (let bar = text.indexOf("|", at); bar >= 0 && bar < to; bar = text.indexOf("|", at)) {
    headers.push(text.slice(at, bar));
    at = bar + 1;
  }
  headers.push(text.slice(at, to));
  return headers;
}

/** Of headers in which nothing is encoded: one that is empty was not sent. */
function toDecodedHeaders(printed: readonly string[]): (string | null)[] {
  const decoded: (string | null)[] = [];
  for (const header of printed) decoded.push(header === "" ? null : header);
  return decoded;
}
