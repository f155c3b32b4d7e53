import type { LogField } from "#core/haproxy/log-format/log-format.ts";
import { type CapturedHeaders, decodeRequest } from "#core/haproxy/parser/decode-request.ts";
import type { LineTemplate, PrintedValues, TemplateField } from "#core/haproxy/parser/line-template.ts";
import { lineTime } from "#core/haproxy/parser/line-time.ts";
import { headersOf, readFields, unescaped } from "#core/haproxy/parser/printed-values.ts";
import type { DecodedRequest, HaproxyRecord } from "#core/haproxy/parser/record.ts";
import { type Text, textOf, unescapeHash } from "#core/haproxy/parser/text.ts";
import type { SyslogLine } from "#core/haproxy/syslog/read-syslog.ts";

/** What a line does not say of itself. */
export interface LineContext {
  /** The zone of the gateway's clock: an IANA name, a fixed offset (`+01:00`) or `UTC`. */
  readonly zone: string;
  readonly receivedAtMs: number;
  /** The line was longer than what brought it takes, or its connection ended within it. */
  readonly cut?: boolean;
}

/** What a template found in a line: the values, and the one that was cut if one was. */
export interface PrintedLine {
  readonly values: PrintedValues;
  readonly partial?: Readonly<Record<string, string>>;
}

/** The value of a line that HAProxy calls so, if it was printed: an alias, or the keyword of a sample expression. */
type PrintedByName = (name: string) => PrintedField | undefined;

interface PrintedField {
  readonly field: LogField;
  readonly printed: string;
}

/** The record of a line that fits the template; undefined when its date is no date. */
export function toRecord(
  template: LineTemplate,
  { syslog, message }: SyslogLine,
  { values, partial }: PrintedLine,
  context: LineContext,
): HaproxyRecord | undefined {
  const byName = printedByName(template, values);
  const time = lineTime((name) => byName(name)?.printed, context);
  if (time === "no date") return undefined;
  const { fields, aliases } = readFields(template, values, partial === undefined);
  const ft = byName("ft")?.printed;
  const hasPlus = (name: string): boolean => byName(name)?.printed.startsWith("+") === true;
  const decoded = decodedOf(byName);
  return {
    format: template.format.name,
    syslog,
    message: textOf(message),
    truncated: partial !== undefined,
    ...(partial && { partial: toTexts(partial) }),
    fields,
    ...(aliases && { aliases }),
    ...(time !== undefined && { time_ms: time }),
    ...(ft !== undefined && { frontend: textOf(ft.replace(/~$/, "")), tls: ft.endsWith("~") }),
    ...((hasPlus("Ta") || hasPlus("Tt") || hasPlus("B")) && { logasap: true }),
    ...(hasPlus("rc") && { redispatched: true }),
    ...(decoded && { decoded }),
  };
}

/** Of what a format prints twice, the first counts. What the `json` flag encodes is here without its quotes. */
const printedByName =
  ({ fields, places }: LineTemplate, values: PrintedValues): PrintedByName =>
  (name) => {
    for (const index of places.get(name) ?? NOWHERE) {
      const value = values[index];
      if (value === undefined) continue;
      const { field } = fields[index] as TemplateField;
      return { field, printed: field.value.kind === "json" && value.startsWith('"') ? value.slice(1, -1) : value };
    }
    return undefined;
  };

const NOWHERE: readonly number[] = [];

/** What tells the request in parts, where a format does not print it whole. */
const PARTS_OF_REQUEST = {
  method: ["HM", "capture.req.method", "method"],
  uri: ["HU", "capture.req.uri"],
  version: ["HV", "capture.req.ver"],
} as const;

function decodedOf(byName: PrintedByName): DecodedRequest | undefined {
  const r = byName("r");
  const part = (names: readonly string[]): Text | undefined => partOfRequest(firstOf(byName, names));
  const request = r !== undefined && r.printed !== "-" ? unescaped(r.field, r.printed) : undefined;
  const parts = {
    method: part(PARTS_OF_REQUEST.method),
    uri: part(PARTS_OF_REQUEST.uri),
    version: part(PARTS_OF_REQUEST.version),
  };
  return decodeRequest(request ?? parts, {
    request: captured(byName, ["hr", "hrl"]),
    response: captured(byName, ["hs", "hsl"]),
  });
}

const firstOf = (byName: PrintedByName, names: readonly string[]): PrintedField | undefined =>
  names.map(byName).find((value) => value !== undefined);

const NOT_THERE = new Set(["", "-", "<BADREQ>"]);

function partOfRequest(found: PrintedField | undefined): Text | undefined {
  if (found === undefined || NOT_THERE.has(found.printed) || !isReadable(found.field)) return undefined;
  const printed = unescaped(found.field, found.printed);
  return found.field.value.kind === "encoded" ? unescapeHash(printed) : textOf(printed);
}

/**
 * A converter may have made something else of it (`hex`, `lower`); what `json` makes is undone, unless escaped anew.
 */
const isReadable = ({ expression, value }: LogField): boolean =>
  expression === undefined || expression.converters.every(({ name }) => name === "json" && value.escape === "json");

function captured(byName: PrintedByName, names: readonly string[]): CapturedHeaders {
  const found = firstOf(byName, names);
  return found && found.field.value.kind !== "json" ? headersOf(found.field, found.printed) : undefined;
}

const toTexts = (values: Readonly<Record<string, string>>): Record<string, Text> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, textOf(value)]));
