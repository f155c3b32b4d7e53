import { Fragment, type Page } from "#core/byte-page.ts";
import { type MemberKind, type MemberKinds, ValueShape } from "#core/events/values/value-shape.ts";
import { indexNameOf } from "#core/haproxy/log-format/index-fields.ts";
import {
  copyEscaped,
  decodeHeaders,
  GIVEN_UP,
  STOPS_HEADERS,
  STOPS_REQUEST,
  STOPS_TEXT,
} from "#core/haproxy/logs/compiled/json-bytes.ts";
import { type KnownNames, NamesMemory } from "#core/haproxy/logs/compiled/known-names.ts";
import { codeOfMembers } from "#core/haproxy/logs/compiled/member-code.ts";
import { copyRequest } from "#core/haproxy/logs/compiled/request-bytes.ts";
import { HAPROXY_FIELDS } from "#core/haproxy/logs/fields.ts";
import { canCompile } from "#core/haproxy/parser/compiled/field-code.ts";
import { MinuteClock } from "#core/haproxy/parser/compiled/minute-clock.ts";
import { WordRuns } from "#core/haproxy/parser/compiled/word-runs.ts";
import { endOfShape } from "#core/haproxy/parser/end-of-shape.ts";
import type { LineTemplate, TemplateField } from "#core/haproxy/parser/line-template.ts";
import type { LineContext } from "#core/haproxy/parser/to-record.ts";

/** What a line says besides its value's text. */
export interface LineFindings {
  timeMs: number | undefined;
  names: KnownNames | undefined;
  /** 0 where none is printed. */
  status: number;
  /** Where the request stands; -1 without one. */
  requestAt: number;
  requestEnd: number;
  /** The quotes of the request are all of the message that JSON escapes. */
  isClean: boolean;
  /** The place of the field within which the line ends; -1 for a whole line. */
  cutIn: number;
}

/** The message is none of the format, and no reader of the format that is compiled takes it either. */
export const NOT_OF_FORMAT = 0;

/**
 * Writes the message of an ASCII line as members of a JSON object, `{"ci":"192.0.2.7",…`, up to what every value ends
 * with. The message stands from `at` to `end` in the page, with a zero behind it; it is written from `start` on. The
 * answer is where the writing ended, `NOT_OF_FORMAT`, or `GIVEN_UP` for a line of which a record must be made. What
 * is written is what JSON.stringify makes of the record.
 */
export type MembersWriter = (
  text: string,
  page: Page,
  at: number,
  end: number,
  start: number,
  context: LineContext,
  findings: LineFindings,
) => number;

export interface CompiledValue {
  readonly write: MembersWriter;
  /** Of all that such a value can have. */
  readonly shape: ValueShape;
}

/**
 * Undefined for formats of which a record must be made: they have no compiled reader, or names that stand in each
 * other's way.
 */
export function compileValue(template: LineTemplate): CompiledValue | undefined {
  const { fields, format } = template;
  if (!canCompile(template) || !hasPlainLiterals(template)) return undefined;
  const names = fields.map(({ field }) => indexNameOf(field.name));
  const members = membersOf(template, names);
  if (members === undefined) return undefined;
  const { statements, runs, signed } = codeOfMembers(template, names);
  const frontends = runs.findIndex(({ from }) => fields[from]?.field.alias === "ft");
  if (frontends < 0 || signed.length > MAX_SIGNED) return undefined;
  const memories = runs.map(({ from, to }) => {
    const words = fields.slice(from, to);
    const place = (name: string): number => words.findIndex(({ field }) => field.name === name);
    const writer = { members: names.slice(from, to), format: format.name, backend: place("b"), server: place("s") };
    return new NamesMemory(new WordRuns(words), writer);
  });
  if (!holdsTags(fields, runs[frontends] as { from: number; to: number })) return undefined;
  const bitsOf = (...aliases: string[]): number =>
    signed.reduce(
      (bits, index, bit) => (aliases.includes(fields[index]?.field.name ?? "") ? bits | (1 << bit) : bits),
      0,
    );
  const tools = {
    clock: new MinuteClock(),
    memories,
    shapes: fields.map(({ shape }) => shape),
    beginnings: fields.map(({ beginning }) => beginning),
    partials: fields.map(({ field }) => new Fragment(`,"truncated":true,"partial":{${JSON.stringify(field.name)}:"`)),
    pluses: signed.map((index) => new Fragment(`,${JSON.stringify(plusOf(names[index] as string))}:true`)),
    texts: TEXTS,
    copyEscaped,
    copyRequest,
    decodeHeaders,
    endOfShape,
    STOPS_HEADERS,
    STOPS_REQUEST,
    STOPS_TEXT,
  };
  const has = (alias: string): boolean => fields.some(({ field }) => field.alias === alias);
  const source = `
    "use strict";
    const { clock, memories, shapes, beginnings, texts, copyEscaped, copyRequest, decodeHeaders, endOfShape } = tools;
    const { STOPS_HEADERS, STOPS_REQUEST, STOPS_TEXT } = tools;
    return function write(text, page, at, end, start, context, findings) {
      const { bytes, view } = page;
      let p = at, o = start, q = 0, c = 0, n = 0, isNegative = false, hasVanished = false, isPlain = true, isClean = true, isOdd = false;
      let pluses = 0, blocks = 0, vanished = 0, requestAt = -1, requestEnd = -1, headersAt = 0, emptyAt = -1;
      let headersFrom = -1, headersTo = 0, headersWritten = 0, headersWrittenTo = 0, headersEmptyAt = -1;
      let cutIn = -1, cutFrom = 0;
      let ${runs.map((_, run) => `run${run}`).join(", ")};
      let responseHeadersFrom = -1, responseHeadersTo = 0, responseHeadersWritten = 0, responseHeadersWrittenTo = 0, responseHeadersEmptyAt = -1;
      findings.status = 0;
      findings.timeMs = undefined;
      reading: {
        ${statements}
        if (vanished !== 0 && vanished !== blocks) return ${NOT_OF_FORMAT};
      }
      if (cutIn >= 0 && run${frontends} === undefined) return ${GIVEN_UP};
      bytes[start] = 123;
      for (n = 0; pluses >> n !== 0; n++) if ((pluses >> n) & 1) o = tools.pluses[n].writeTo(page, o);
      o = run${frontends}.format.writeTo(page, o);
      if (requestAt >= 0) o = copyRequest(page, requestAt, requestEnd, o, isPlain);
      if (o < 0) return ${GIVEN_UP};
      ${has("hr") ? decodedCode("headers") : ""}
      ${has("hs") ? decodedCode("responseHeaders") : ""}
      if (pluses & ${bitsOf("Ta", "Tt", "B")}) o = texts.logasap.writeTo(page, o);
      if (pluses & ${bitsOf("rc")}) o = texts.redispatched.writeTo(page, o);
      if (cutIn >= 0) {
        o = tools.partials[cutIn].writeTo(page, o);
        o = copyEscaped(page, cutFrom, end, o);
        o = texts.endOfPartial.writeTo(page, o);
      }
      findings.cutIn = cutIn;
      findings.names = run${frontends};
      findings.requestAt = requestAt;
      findings.requestEnd = requestEnd;
      findings.isClean = isClean;
      return o;
    };`;
  // All that is the format's own is in the code as a JSON literal; nothing of a line ever becomes code.
  return { write: new Function("tools", source)(tools) as MembersWriter, shape: new ValueShape(members) };
}

const decodedCode = (headers: string): string => `
  if (${headers}From >= 0) {
    o = texts.${headers}.writeTo(page, o);
    if (isPlain && ${headers}EmptyAt > -2) {
      q = ${headers}EmptyAt;
      if (q > 0) {
        o = texts.null.writeTo(page, page.copy(${headers}Written, q, o));
        q += 2;
      } else q = ${headers}Written;
      o = page.copy(q, ${headers}WrittenTo, o);
    } else {
      o = decodeHeaders(page, ${headers}From, ${headers}To, o, isPlain);
    }
  }`;

const TEXTS = {
  headers: new Fragment(',"request_headers":'),
  responseHeaders: new Fragment(',"response_headers":'),
  logasap: new Fragment(',"logasap":true'),
  redispatched: new Fragment(',"redispatched":true'),
  null: new Fragment("null"),
  endOfPartial: new Fragment('"}'),
};

/** As many as an integer has bits for. */
const MAX_SIGNED = 30;

const plusOf = (name: string): string => `${name}_plus`;

/** What is made of a line, and what every value ends with. */
const OTHER_MEMBERS: MemberKinds = {
  format: "text",
  frontend: "text",
  tls: "boolean",
  method: "text",
  method_b64: "text",
  uri: "text",
  uri_b64: "text",
  version: "text",
  request_headers: "other",
  response_headers: "other",
  logasap: "boolean",
  redispatched: "boolean",
  truncated: "boolean",
  partial: "other",
  syslog: "other",
  clock: "text",
  source: "text",
  zone: "text",
  line: "text",
};

/** JSON.stringify puts these first. */
const INTEGER = /^\d+$/;
/** Each is written a byte at a time. */
const MAX_NAMES_LENGTH = 8192;

/** All that a value can have; undefined where two of them share a name, or one stands elsewhere than it is written. */
function membersOf({ fields }: LineTemplate, names: readonly string[]): MemberKinds | undefined {
  const members: Record<string, MemberKind> = { ...OTHER_MEMBERS };
  for (const [index, { field }] of fields.entries()) {
    const name = names[index] as string;
    const { kind } = field.value;
    const isNumber = kind === "number" || kind === "port";
    if (INTEGER.test(name) || Object.hasOwn(members, name)) return undefined;
    if (!isNumber && Object.hasOwn(HAPROXY_FIELDS, name) && HAPROXY_FIELDS[name as "ci"] !== "keyword")
      return undefined;
    members[name] = isNumber ? "integer" : kind === "headers" ? "texts" : "text";
    if (kind !== "number") continue;
    if (Object.hasOwn(members, plusOf(name))) return undefined;
    members[plusOf(name)] = "boolean";
  }
  return Object.keys(members).join("").length > MAX_NAMES_LENGTH ? undefined : members;
}

/** Whether all that tags are made of is where it is looked for: the names in one run, the status in its own field. */
function holdsTags(
  fields: readonly TemplateField[],
  { from, to }: { readonly from: number; readonly to: number },
): boolean {
  return fields.every(({ field }, index) => {
    if (field.name === "b" || field.name === "s") return index >= from && index < to;
    if (field.name === "ST") return field.alias === "ST" && field.value.kind === "number";
    return true;
  });
}

/** Whether the quotes of the request are all that JSON escapes. */
function hasPlainLiterals({ fields, end }: LineTemplate): boolean {
  const literals = [...fields.map(({ before }) => before), end];
  const quotes = fields.some(({ field }) => field.value.kind === "request") ? 2 : 0;
  const text = literals.join("");
  return !/[^ -~]|\\/.test(text) && text.split('"').length - 1 === quotes;
}
