import { decodeRequest } from "#core/haproxy/decode-request.ts";
import { instantOf } from "#core/haproxy/local-time.ts";
import type { LogTemplate, TemplateField } from "#core/haproxy/log-template.ts";
import type { PrintedValues } from "#core/haproxy/match-template.ts";
import type { FieldValue, HaproxyRecord } from "#core/haproxy/record.ts";
import type { SyslogLine } from "#core/haproxy/syslog.ts";
import { type Text, textOf } from "#core/haproxy/text.ts";

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

/** The record of a line that fits the template; undefined when its date is no date. */
export function toRecord(
  template: LogTemplate,
  { syslog, message }: SyslogLine,
  { values, partial }: PrintedLine,
  { zone, receivedAtMs }: LineContext,
): HaproxyRecord | undefined {
  const fields: Record<string, FieldValue> = {};
  const printed: Record<string, string> = {};
  let date: string | undefined;
  template.fields.forEach((field, index) => {
    const value = values[index];
    if (value === undefined) {
      // `{..}` that a template quotes was printed as nothing; elsewhere, and in a cut line, it was not printed.
      if (field.kind === "headers" && field.before !== " " && partial === undefined) fields[field.name] = null;
      return;
    }
    printed[field.name] = value;
    if (field.kind === "date") date = value;
    if (field.kind === "number" && value.startsWith("+")) fields[`${field.name}_plus`] = true;
    fields[field.name] = readValue(field, value);
  });

  const timeMs = date === undefined ? undefined : instantOf(date, zone, receivedAtMs);
  if (date !== undefined && timeMs === undefined) return undefined;
  const { ft, r, hr, hs } = printed;
  const decoded = decodeRequest(r, blockOf(hr), blockOf(hs));
  return {
    format: template.name,
    syslog,
    message: textOf(message),
    truncated: partial !== undefined,
    ...(partial && { partial: toTexts(partial) }),
    fields,
    ...(timeMs !== undefined && { time_ms: timeMs }),
    ...(ft !== undefined && { frontend: textOf(ft.replace(/~$/, "")), tls: ft.endsWith("~") }),
    ...((fields.Ta_plus || fields.Tt_plus || fields.B_plus) && { logasap: true }),
    ...(fields.rc_plus && { redispatched: true }),
    ...(decoded && { decoded }),
  };
}

function readValue({ kind }: TemplateField, value: string): FieldValue {
  if (kind === "number") return value === "-" ? value : Number(value);
  if (kind === "headers") return splitHeaders(value);
  return textOf(value);
}

const blockOf = (printed: string | undefined): string[] | undefined =>
  printed === undefined ? undefined : splitHeaders(printed);

/** `{a||b}`: HAProxy encodes braces and bars within. */
const splitHeaders = (block: string): string[] => block.slice(1, -1).split("|");

const toTexts = (values: Readonly<Record<string, string>>): Record<string, Text> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, textOf(value)]));
