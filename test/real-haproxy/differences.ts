import { fieldsOf, type LogField, type LogFormat } from "#core/haproxy/log-format/log-format.ts";
import type { FieldValue, HaproxyRecord } from "#core/haproxy/parser/record.ts";
import { unescapeJson } from "#core/haproxy/parser/text.ts";
import { SAMPLES } from "./random-formats.ts";

/** What HAProxy said of the same request beside the line, by alias: each value in quotes of its own. */
export type Truth = Readonly<Record<string, unknown>>;

/**
 * `lc` counts lines, `H` is what the gateway calls itself: neither is told beside the line. Where there was no request
 * yet, and so no unique id, `rt` is counted on each time it is printed.
 */
const isNotTold = (alias: string, truth: Truth): boolean =>
  alias === "lc" || alias === "H" || (alias === "rt" && truth.ID === "-");

/** Below stand the numbers of sockets, and what is printed with zeros before it. */
const SMALLEST_PORT = 0x1000;

/** Where a record is not what HAProxy said beside the line. */
export function differences(record: HaproxyRecord, format: LogFormat, truth: Truth): string[] {
  if (record.truncated && !endsEarly(format, truth))
    return [`is taken for a cut line: ${JSON.stringify(record.partial)}`];
  const wrong = fieldsOf(format).flatMap((field) => {
    if (record.truncated && record.fields[field.name] === undefined) return [];
    if (field.expression !== undefined) return sampleDiffers(printed(record, field), field, truth);
    if (field.alias === undefined || isNotTold(field.alias, truth)) return [];
    const got = printed(record, field);
    const plain = latin1(truth[field.alias]);
    const told = field.value.kind === "hex" ? (inHex(plain) ?? got) : plain;
    return isSame(got, told) ? [] : [`${field.name} is ${JSON.stringify(got)}, HAProxy said ${JSON.stringify(told)}`];
  });
  return record.truncated ? wrong : [...wrong, ...timeDiffers(record, format, truth), ...requestDiffers(record, truth)];
}

/** A number or an IPv4 address as `+X` prints it; undefined for another, and for the number of a Unix socket. */
function inHex(told: string): string | undefined {
  if (/^\d+$/.test(told)) return Number(told) < SMALLEST_PORT ? undefined : Number(told).toString(16).toUpperCase();
  const bytes = told.split(".");
  return bytes.length === 4
    ? bytes
        .map((byte) => Number(byte).toString(16).padStart(2, "0"))
        .join("")
        .toUpperCase()
    : undefined;
}

function timeDiffers({ time_ms }: HaproxyRecord, format: LogFormat, truth: Truth): string[] {
  const ms = timeOf(format, truth);
  return ms === undefined || time_ms === ms ? [] : [`time_ms is ${time_ms}, not ${ms}`];
}

const PARTS_OF_REQUEST = {
  method: ["HM", "capture.req.method"],
  uri: ["HU", "capture.req.uri"],
} as const;

/**
 * What a request was decoded to: as the request line has it, or the sample. Of HTTP/2 its version is kept in the URI.
 */
function requestDiffers({ decoded, fields }: HaproxyRecord, truth: Truth): string[] {
  if (truth.HV === "HTTP/2.0" || truth.HU === undefined || truth.HU === "<BADREQ>") return [];
  return Object.entries(PARTS_OF_REQUEST).flatMap(([part, [alias, sample]]) => {
    const got = decoded?.[part as keyof typeof PARTS_OF_REQUEST];
    if (got === undefined && fields.r === undefined) return [];
    const inLine = String(truth[alias]).replace(/#(..)/g, (_, hex) => Buffer.from(hex, "hex").toString("latin1"));
    const inSample = Buffer.from(String(truth[toldUnder(sample)]), "hex").toString("latin1");
    if ([inLine, inSample].includes(latin1(got))) return [];
    return [`${part} is decoded to ${JSON.stringify(got)}, HAProxy got ${JSON.stringify(inLine)}`];
  });
}

/** HAProxy ends a line where it would have to print the name of a Unix socket in hexadecimal. */
const endsEarly = (format: LogFormat, { ci }: Truth): boolean =>
  ci === "unix" && fieldsOf(format).some(({ alias, flags }) => (alias === "ci" || alias === "fi") && flags.X);

/** Samples that are another at each time they are asked for. */
const FLEETING = new Set(["date", "rand(100)"]);
/** Samples that need no encoding beside a line: numbers and addresses. */
const PLAIN = new Set(["fc_err", "ssl_fc_is_resumed", "src", "dst_port", "int(5)"]);

/** How a sample is told beside a line. */
export const toldAs = (sample: string): string => (PLAIN.has(sample) ? `%[${sample}]` : `%[${sample},hex]`);
export const toldUnder = (sample: string): string => `x${SAMPLES.indexOf(sample)}`;

function sampleDiffers(got: string, { name, expression, flags, value }: LogField, truth: Truth): string[] {
  const sample = expression?.text ?? "";
  if (FLEETING.has(sample) || !SAMPLES.includes(sample)) return [];
  const hex = String(truth[toldUnder(sample)] ?? "");
  const told = PLAIN.has(sample) || hex === "-" ? hex : Buffer.from(hex, "hex").toString("latin1");
  const meant = value.escape === "json" ? unescapeJson(told) : told;
  // Of what has to be escaped HAProxy 2.6 cuts off as many characters at the end as it puts backslashes in.
  const isCut = flags.E && /["\\\]]/.test(meant) && got.length >= meant.length / 2 && meant.startsWith(got);
  return isCut || isSame(got, meant)
    ? []
    : [`${name} is ${JSON.stringify(got)}, HAProxy said ${JSON.stringify(meant)}`];
}

/** Nothing is printed as `-`, `""` or not at all; a port that is not there as 0. */
const isSame = (one: string, other: string): boolean => {
  const nothing = new Set(["", "-"]);
  return one === other || (nothing.has(one) && nothing.has(other)) || (one !== "" && Number(one) === Number(other));
};

function printed({ fields }: HaproxyRecord, { name, alias }: LogField): string {
  const value = fields[name];
  if (value === undefined || value === null) return "";
  if (Array.isArray(value))
    return alias?.endsWith("l") ? value.map(orDash).join(" ") : `{${value.map(latin1).join("|")}}`;
  return `${fields[`${name}_plus`] === true ? "+" : ""}${latin1(value as FieldValue)}`;
}

const orDash = (value: unknown): string => (value === "" || value === null ? "-" : latin1(value));

function latin1(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "object" && "b64" in value) return Buffer.from(value.b64 as string, "base64").toString("latin1");
  return Buffer.from(String(value), "utf8").toString("latin1");
}

/** The instant of a line that prints `%tr` or `%t`, told beside it in GMT and in seconds since 1970. */
function timeOf(format: LogFormat, truth: Truth): number | undefined {
  const has = (alias: string): boolean => fieldsOf(format).some((field) => field.alias === alias);
  if (has("tr")) return toMs(truth.trg) + Number(String(truth.tr).slice(-3));
  return has("t") ? Number(truth.Ts) * 1000 + Number(truth.ms) : undefined;
}

/** `22/Nov/2026:01:22:46 +0000`. */
const toMs = (date: unknown): number => Date.parse(String(date).replaceAll("/", " ").replace(":", " "));
