import { type HeaderCounts, type LineTemplate, lineTemplate } from "#core/haproxy/line-template.ts";
import type { LogFormat } from "#core/haproxy/log-format.ts";
import { BUILT_IN_FORMATS } from "#core/haproxy/log-format-built-in.ts";
import { matchCutTemplate, matchTemplate } from "#core/haproxy/match-template.ts";
import type { HaproxyRecord, ParsedLine, Rejection } from "#core/haproxy/record.ts";
import { eventOfConnectionError, readStateLine } from "#core/haproxy/state-lines.ts";
import { readSyslog, type SyslogLine } from "#core/haproxy/syslog.ts";
import { latin1Of, textOf } from "#core/haproxy/text.ts";
import { type LineContext, toRecord } from "#core/haproxy/to-record.ts";

/** A format that lines are read by, and what its configuration knows of them. */
export interface KnownFormat {
  readonly format: LogFormat;
  /** Those that use it: where several formats fit a line, its frontend's counts. */
  readonly frontends?: readonly string[];
  readonly captures?: HeaderCounts | undefined;
}

/** Reads a line as it came (one LF at its end does not count): a record, or why it is none. */
export type LineParser = (line: Uint8Array | string, context: LineContext) => ParsedLine;

/** A format ready to read lines. */
interface Reader {
  readonly template: LineTemplate;
  readonly frontends: ReadonlySet<string>;
}

/**
 * Makes the parser of these formats, in addition to those that are known anyway. A line is of the first format that it
 * fits, the given ones before the known ones; among several that it fits, of that of its own frontend. It refuses rather
 * than guesses, throws for no line (only for an unknown zone), and takes time proportional to the line's length.
 */
export function haproxyParser({ formats = [] }: { readonly formats?: readonly KnownFormat[] } = {}): LineParser {
  const readers = readersOf(formats);
  return (line, context) => {
    const text = latin1Of(line);
    const read = readSyslog(text.endsWith("\n") ? text.slice(0, -1) : text);
    const { syslog, message } = read;
    if (syslog.sd_truncated) return { record: cutInStructuredData(read) };
    if (context.cut) return reject(read, "cut-on-the-way", true);
    if (message === "") return reject(read, "empty");
    const record = readWhole(readers, read, context) ?? readState(read);
    return record === undefined ? readCut(readers, read, context) : { record };
  };
}

function readersOf(formats: readonly KnownFormat[]): Reader[] {
  const texts = new Set(formats.map(({ format }) => format.text));
  const known: KnownFormat[] = BUILT_IN_FORMATS.filter(({ text }) => !texts.has(text)).map((format) => ({ format }));
  return [...formats, ...known].map(({ format, frontends = [], captures }) => ({
    template: lineTemplate(format, captures),
    frontends: new Set(frontends),
  }));
}

function readWhole(readers: readonly Reader[], read: SyslogLine, context: LineContext): HaproxyRecord | undefined {
  let first: HaproxyRecord | undefined;
  for (const { template, frontends } of readers) {
    const values = matchTemplate(template, read.message);
    const found = values && toRecord(template, read, { values }, context);
    if (found === undefined) continue;
    const record = withEvent(found);
    if (isOf(frontends, record)) return record;
    first ??= record;
    if (frontends.size === 0) break;
  }
  return first;
}

const isOf = (frontends: ReadonlySet<string>, { frontend, fields }: HaproxyRecord): boolean =>
  frontends.has((frontend ?? fields.f) as string);

/** A connection that failed for a reason of its own is an event too. */
function withEvent(record: HaproxyRecord): HaproxyRecord {
  const { format, fields } = record;
  if (format !== "connerror") return record;
  const event = eventOfConnectionError(String(fields.message));
  return event === undefined ? record : { ...record, fields: { ...fields, event } };
}

/** A ring cut the line before its message began: what is known of it is its header. */
const cutInStructuredData = ({ syslog }: SyslogLine): HaproxyRecord => ({
  format: "sd-truncated",
  syslog,
  message: "",
  truncated: true,
  fields: {},
});

const STATE_FORMAT = "admin";

function readState({ syslog, message }: SyslogLine): HaproxyRecord | undefined {
  const fields = readStateLine(message);
  return fields && { format: STATE_FORMAT, syslog, message: textOf(message), truncated: false, fields };
}

/** A cut line is told by what is left of it, if that fits one format only or the same fields of several. */
function readCut(readers: readonly Reader[], read: SyslogLine, context: LineContext): ParsedLine {
  const candidates = readers.flatMap(({ template, frontends }) => {
    const match = matchCutTemplate(template, read.message);
    const record = match && toRecord(template, read, match, context);
    return record === undefined ? [] : [{ record, known: Object.keys(record.fields).join(" "), frontends }];
  });
  const own = candidates.filter(({ record, frontends }) => isOf(frontends, record));
  const [first, ...others] = own.length > 0 ? own : candidates;
  if (first === undefined) return reject(read, "unknown-format");
  if (others.some((other) => other.known !== first.known)) return reject(read, "cut-before-its-format-shows", true);
  return { record: first.record };
}

const reject = ({ syslog, message }: SyslogLine, reason: Rejection["reason"], truncated = false): ParsedLine => ({
  rejected: { reason, syslog, message: textOf(message), truncated },
});
