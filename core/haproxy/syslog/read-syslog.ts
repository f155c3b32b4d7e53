import { type Text, textOf } from "#core/haproxy/parser/text.ts";

type StructuredData = Readonly<Record<string, Readonly<Record<string, Text>>>>;

/** What a syslog header says; a member is absent when that framing does not have it, null when it was left out. */
export interface SyslogHeader {
  readonly pri?: number;
  /** Absent in HAProxy's `short` and `timed`, which print the severity alone. */
  readonly facility?: number;
  readonly severity?: number;
  readonly version?: number;
  readonly timestamp?: string | null;
  readonly hostname?: Text | null;
  readonly tag?: Text | null;
  readonly pid?: number | string | null;
  readonly msgid?: Text | null;
  readonly sd?: StructuredData | null;
  /** The line was cut inside its structured data, and holds no message. */
  readonly sd_truncated?: true;
}

export interface SyslogLine {
  readonly syslog: SyslogHeader;
  /** What HAProxy logged, one character a byte. */
  readonly message: string;
}

const PRI = /<(\d{1,3})>/y;
const RFC5424 =
  /(\d{1,2}) (-|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)) ([^ ]{1,255}) ([^ ]{1,48}) ([^ ]{1,128}) ([^ ]{1,32}) /y;
const ISO = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) /y;
const BSD = /([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) /y;
/**
 * `host tag[pid]: `; HAProxy's `local` leaves the host out. A host does not end in a colon, a tag in front of one does.
 */
const BSD_ORIGIN = /(?:([^ ]{0,254}[^ :]) )?([^ ]{1,255}?)(?:\[(\d{1,18})\])?: /y;

const BSD_TIME = /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d$/;

/** `Nov 22 01:22:46`, all of the text. */
export const isBsdTime = (text: string): boolean => BSD_TIME.test(text);

/**
 * Splits a line into its syslog header and what HAProxy logged: RFC 3164, RFC 5424, and HAProxy's `local`, `short`,
 * `timed`, `iso`, `priority` and `raw`. What carries no header known here is `raw`: all of it is message.
 */
export function readSyslog(line: string): SyslogLine {
  const priority = matchAt(PRI, line, 0);
  const at = priority?.[0].length ?? 0;
  const iso = matchAt(ISO, line, at);
  if (priority === undefined) {
    if (iso === undefined) return { syslog: {}, message: line };
    return { syslog: { timestamp: iso[1] as string }, message: line.slice(iso[0].length) };
  }
  const pri = Number(priority[1]);
  if (iso !== undefined)
    return { syslog: { ...level(pri), timestamp: iso[1] as string }, message: line.slice(at + iso[0].length) };
  const rfc5424 = matchAt(RFC5424, line, at);
  if (rfc5424 !== undefined) return readRfc5424(line, at + rfc5424[0].length, pri, rfc5424);
  const bsd = matchAt(BSD, line, at);
  const origin = bsd && matchAt(BSD_ORIGIN, line, at + bsd[0].length);
  if (bsd === undefined || origin === undefined) return { syslog: level(pri), message: line.slice(at) };
  const [printed, hostname, tag, pid] = origin;
  return {
    syslog: {
      ...priorityOf(pri),
      timestamp: bsd[1] as string,
      hostname: hostname === undefined ? null : textOf(hostname),
      tag: textOf(tag as string),
      pid: pid === undefined ? null : Number(pid),
    },
    message: line.slice(at + bsd[0].length + printed.length),
  };
}

const priorityOf = (pri: number): SyslogHeader => ({ pri, facility: pri >> 3, severity: pri & 7 });

/**
 * `short` and `timed` print a severity without its facility, which looks like
 * the facility 0 (kernel) HAProxy never has.
 */
const level = (pri: number): SyslogHeader => (pri < 8 ? { pri, severity: pri } : priorityOf(pri));

function matchAt(expression: RegExp, text: string, at: number): RegExpExecArray | undefined {
  expression.lastIndex = at;
  return expression.exec(text) ?? undefined;
}

function readRfc5424(line: string, at: number, pri: number, header: RegExpExecArray): SyslogLine {
  const [, version, timestamp, hostname, tag, procid, msgid] = header as unknown as string[];
  const orNull = (value = "-"): Text | null => (value === "-" ? null : textOf(value));
  const known = {
    ...priorityOf(pri),
    version: Number(version),
    timestamp: timestamp === "-" ? null : (timestamp as string),
    hostname: orNull(hostname),
    tag: orNull(tag),
    pid: procid === "-" ? null : /^\d{1,18}$/.test(procid as string) ? Number(procid) : (procid as string),
    msgid: orNull(msgid),
  };
  if (line[at] === "-") return { syslog: { ...known, sd: null }, message: line.slice(at + 2) };
  const data = readStructuredData(line, at);
  if (data === undefined) return { syslog: { ...known, sd_truncated: true }, message: "" };
  return { syslog: { ...known, sd: data.sd }, message: line.slice(data.end + 1) };
}

const ELEMENT = /\[([^ ="\]]{1,64})/y;
const PARAMETER = / ([^ ="\]]{1,64})="([^"\\]*(?:\\.[^"\\]*)*)"/sy;
const ESCAPED = /\\(["\\\]])/g;

/** The elements that start at `at`; undefined when the line ends before they do. */
function readStructuredData(line: string, at: number): { sd: StructuredData; end: number } | undefined {
  const elements: [string, Readonly<Record<string, Text>>][] = [];
  let position = at;
  while (line[position] === "[") {
    const element = matchAt(ELEMENT, line, position);
    if (element === undefined) return undefined;
    position += element[0].length;
    const parameters: [string, Text][] = [];
    for (let found = matchAt(PARAMETER, line, position); found; found = matchAt(PARAMETER, line, position)) {
      parameters.push([found[1] as string, textOf((found[2] as string).replace(ESCAPED, "$1"))]);
      position += found[0].length;
    }
    if (line[position] !== "]") return undefined;
    position++;
    elements.push([element[1] as string, Object.fromEntries(parameters)]);
  }
  return elements.length === 0 ? undefined : { sd: Object.fromEntries(elements), end: position };
}
