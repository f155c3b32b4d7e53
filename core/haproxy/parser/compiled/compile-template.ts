import {
  canCompile,
  codeOfFields,
  type FieldsCode,
  type SpecialsCode,
  specialsOf,
} from "#core/haproxy/parser/compiled/field-code.ts";
import { readBlock } from "#core/haproxy/parser/compiled/header-blocks.ts";
import { MinuteClock } from "#core/haproxy/parser/compiled/minute-clock.ts";
import { decodedOf, isAt } from "#core/haproxy/parser/compiled/value-code.ts";
import { WordRuns } from "#core/haproxy/parser/compiled/word-runs.ts";
import { decodeRequest } from "#core/haproxy/parser/decode-request.ts";
import { endOfShape } from "#core/haproxy/parser/end-of-shape.ts";
import type { LineTemplate } from "#core/haproxy/parser/line-template.ts";
import type { DecodedRequest, HaproxyRecord } from "#core/haproxy/parser/record.ts";
import { unescapeHash } from "#core/haproxy/parser/text.ts";
import type { LineContext } from "#core/haproxy/parser/to-record.ts";
import type { SyslogHeader } from "#core/haproxy/syslog/read-syslog.ts";

/**
 * Reads the message that stands in an ASCII text from `at` to `end`. Undefined when that is none of the format, or one
 * that only the matcher reads: with an unencoded space, a plus sign, cut. What it reads, it reads as the matcher does.
 */
export type CompiledReader = (
  text: string,
  bytes: Uint8Array,
  at: number,
  end: number,
  syslog: SyslogHeader,
  context: LineContext,
) => HaproxyRecord | undefined;

/**
 * Makes a function for the ordinary lines of one format, in which each field is a few comparisons of its own: ten
 * times as fast as the matcher, which knows every format and reads every line. Undefined for formats with fields of
 * other kinds.
 */
export function compileTemplate(template: LineTemplate): CompiledReader | undefined {
  if (!canCompile(template)) return undefined;
  const code = codeOfFields(template);
  return compileReader(template, code, wholeRecordCode(template, code));
}

/** The reader whose code this is, and behind it what makes a record. */
export function compileReader(
  template: LineTemplate,
  { statements, runs }: FieldsCode,
  recordCode: string,
): CompiledReader {
  const tools = {
    clock: new MinuteClock(),
    runs: runs.map((fields) => new WordRuns(fields)),
    shapes: template.fields.map(({ shape }) => shape),
    beginnings: template.fields.map(({ beginning }) => beginning),
    names: template.fields.map(({ field }) => field.name),
    addPluses,
    decodeRequest,
    endOfShape,
    readBlock,
    unescapeHash,
  };
  const source = `
    "use strict";
    const { clock, beginnings, names, addPluses, decodeRequest, endOfShape, readBlock, shapes, unescapeHash } = tools;
    ${runs.map((_, index) => `const runs${index} = tools.runs[${index}];`).join("\n")}
    return function read(text, bytes, at, end, syslog, context) {
      let p = at, q = 0, c = 0, n = 0, h = 0, isNegative = false, hasVanished = false, quote = -2, pluses, decoded;
      ${statements}
      ${recordCode}
    };`;
  // All that is the format's own is in the code as a JSON literal; nothing of a line ever becomes code.
  return new Function("tools", source)(tools) as CompiledReader;
}

function wholeRecordCode(template: LineTemplate, { values }: FieldsCode): string {
  const { request, headers, responseHeaders, ...special } = specialsOf(template.fields, values);
  const members = membersCode(template, special, "truncated: false");
  return `
    let fields;
    ${fieldsCode(template, values)}
    ${request === undefined ? decodedHeadersCode(headers, responseHeaders) : decodedCode(request, headers, responseHeaders)}
    ${returnCode(members)}`;
}

/** The members of a record but for what is decoded. */
export const membersCode = (template: LineTemplate, { time, ft }: SpecialsCode, truncated: string): string =>
  [
    `format: ${JSON.stringify(template.format.name)}`,
    "syslog",
    "message: text.slice(at, end)",
    truncated,
    "fields",
    ...(time === undefined ? [] : [`time_ms: ${time}`]),
    ...(ft === undefined ? [] : [`frontend: ${ft.frontend}`, `tls: ${ft.tls}`]),
  ].join(", ");

export const returnCode = (members: string): string => `
  if (pluses !== undefined) return addPluses({ ${members} }, pluses.map((index) => names[index]), decoded);
  return decoded === undefined ? { ${members} } : { ${members}, decoded };`;

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

/** A request of HTTP/1.0 or 1.1 is taken apart in place: it stands from `requestAt` to `requestEnd`. */
function decodedCode(request: string, headers?: string, responseHeaders?: string): string {
  const parts = `
      method: isPlain ? text.slice(requestAt, q) : unescapeHash(text.slice(requestAt, q)),
      uri: isPlain ? text.slice(q + 1, uriEnd) : unescapeHash(text.slice(q + 1, uriEnd)),
      version: bytes[requestEnd - 1] === 49 ? "HTTP/1.1" : "HTTP/1.0",`;
  const blocks = [
    ...(headers === undefined ? [] : [{ member: "request_headers", block: headers }]),
    ...(responseHeaders === undefined ? [] : [{ member: "response_headers", block: responseHeaders }]),
  ];
  const withBlocks = blocks.map(({ member, block }) => `${member}: ${decodedOf(block)},`).join(" ");
  const areThere = blocks.map(({ block }) => `${block} !== undefined`).join(" && ") || "true";
  const areNot = blocks.map(({ block }) => `${block} === undefined`).join(" && ") || "true";
  return `
    const uriEnd = requestEnd - ${HTTP_1.length + 1};
    const isPlain = text.indexOf("#", requestAt) < 0;
    q = text.indexOf(" ", requestAt);
    const isUsual = q < uriEnd && ${isAt(HTTP_1, "uriEnd")} && (bytes[requestEnd - 1] === 49 || bytes[requestEnd - 1] === 48);
    if (isUsual && ${areThere}) decoded = {${parts} ${withBlocks} };
    else if (isUsual && ${areNot}) decoded = {${parts} };
    else decoded = decodeRequest(${request}, { request: ${headers}, response: ${responseHeaders} });`;
}

const HTTP_1 = " HTTP/1.";

/** Without a request there may be captured headers all the same. */
const decodedHeadersCode = (headers: string | undefined, responseHeaders: string | undefined): string =>
  headers === undefined && responseHeaders === undefined
    ? ""
    : `decoded = decodeRequest({}, { request: ${headers}, response: ${responseHeaders} });`;

/** What of a line is not as in most: numbers with a plus sign. */
function addPluses(
  record: HaproxyRecord,
  names: readonly string[],
  decoded: DecodedRequest | undefined,
): HaproxyRecord {
  const fields = { ...record.fields };
  for (const name of names) fields[`${name}_plus`] = true;
  const isEarly = names.some((name) => name === "Ta" || name === "Tt" || name === "B");
  return {
    ...record,
    fields,
    ...(isEarly && { logasap: true }),
    ...(names.includes("rc") && { redispatched: true }),
    ...(decoded && { decoded }),
  };
}
