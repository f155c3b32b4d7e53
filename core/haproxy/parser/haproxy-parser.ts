import type { LogFormat } from "#core/haproxy/log-format/log-format.ts";
import { chosenOf, readLongLine } from "#core/haproxy/parser/cut-lines.ts";
import type { HeaderCounts } from "#core/haproxy/parser/line-template.ts";
import { matchCutTemplate, matchTemplate } from "#core/haproxy/parser/match-template.ts";
import { isOf, type Reader, type Readers, readersOf } from "#core/haproxy/parser/readers.ts";
import type { HaproxyRecord, ParsedLine, Rejection } from "#core/haproxy/parser/record.ts";
import { eventOfConnectionError, readStateLine } from "#core/haproxy/parser/state-lines.ts";
import { type DecodedLine, decodeLine, textOf } from "#core/haproxy/parser/text.ts";
import { type LineContext, toRecord } from "#core/haproxy/parser/to-record.ts";
import { type FoundHeader, HeaderMemory } from "#core/haproxy/syslog/header-memory.ts";
import type { SyslogHeader } from "#core/haproxy/syslog/read-syslog.ts";

/** A format that lines are read by, and what its configuration knows of them. */
export interface KnownFormat {
  readonly format: LogFormat;
  /** Those that use it: where several formats fit a line, its frontend's counts. */
  readonly frontends?: readonly string[];
  readonly captures?: HeaderCounts | undefined;
}

/** Reads a line as it came (one LF at its end does not count): a record, or why it is none. */
export interface LineParser {
  (line: Uint8Array | string, context: LineContext): ParsedLine;
  /** What it reads lines by, for who needs no record of them. */
  readonly readers?: () => Readers;
}

/**
 * Makes the parser of these formats, in addition to those that are known anyway. A line is of the format that it
 * fits; where it fits several, of that of its own frontend, else of the one with the fewest places where a client may
 * have written anything, else of the first, the given ones before the known ones. It refuses rather than guesses,
 * throws for no line (only for an unknown zone), and takes time proportional to the line's length.
 */
export function haproxyParser({ formats = [] }: { readonly formats?: readonly KnownFormat[] } = {}): LineParser {
  // Made with the first line: 13 ms that a process spends only once it is given lines.
  let made: Readers | undefined;
  const headers = new HeaderMemory();
  const readersNow = (): Readers => {
    made ??= readersOf(formats);
    return made;
  };
  const parse = (line: Uint8Array | string, context: LineContext): ParsedLine => {
    const readers = readersNow();
    const decoded = decodeLine(line);
    const { text } = decoded;
    const { syslog, at } = headers.read(text, decoded.bytes);
    const isOrdinary = decoded.isAscii && context.cut !== true;
    const ordinary = isOrdinary ? readOrdinary(readers, decoded, at, syslog, context) : undefined;
    if (ordinary !== undefined) return { record: ordinary };
    const long = isOrdinary ? readLongLine(readers, decoded, at, syslog, context) : undefined;
    if (long !== undefined) return { record: long };
    return readEveryWay(readers, { text, syslog, at }, context);
  };
  return Object.assign(parse, { readers: readersNow });
}

/** What a line is, whatever it is: the quick readers before say nothing else of those lines that they read. */
export function readEveryWay(readers: Readers, line: ReceivedLine, context: LineContext): ParsedLine {
  const { syslog, text, at } = line;
  if (syslog.sd_truncated) return { record: cutInStructuredData(syslog) };
  if (context.cut) return reject(line, "cut-on-the-way", true);
  if (at === text.length) return reject(line, "empty");
  const record = readWhole(readers, line, context) ?? readState(line);
  return record === undefined ? readCut(readers, line, context) : { record };
}

/** A line that is decoded, and whose header was read. */
interface ReceivedLine extends FoundHeader, Pick<DecodedLine, "text"> {}

const messageOf = ({ text, at }: ReceivedLine): string => text.slice(at);

/** Most lines are whole, plain, and of a format that is compiled. */
function readOrdinary(
  { compiled, frontends: all }: Readers,
  { text, bytes }: DecodedLine,
  at: number,
  syslog: SyslogHeader,
  context: LineContext,
): HaproxyRecord | undefined {
  for (const { compiled: read, frontends } of compiled) {
    const record = read(text, bytes, at, text.length, syslog, context);
    if (record !== undefined && (all.size === 0 || isOf(frontends, record) || !isOf(all, record))) return record;
  }
  return undefined;
}

function readWhole({ all, frontends: known }: Readers, line: ReceivedLine, context: LineContext) {
  let first: HaproxyRecord | undefined;
  for (const reader of all) {
    const { frontends } = reader;
    if (first !== undefined && frontends.size === 0) continue;
    const record = readBy(reader, line, context);
    if (record === undefined) continue;
    if (isOf(frontends, record)) return record;
    first ??= record;
    if (!isOf(known, record)) break;
  }
  return first;
}

function readBy({ template }: Reader, line: ReceivedLine, context: LineContext): HaproxyRecord | undefined {
  const { syslog } = line;
  const message = messageOf(line);
  const values = matchTemplate(template, message);
  const record = values && toRecord(template, { syslog, message }, { values }, context);
  return record && withEvent(record);
}

/** A connection that failed for a reason of its own is an event too. */
function withEvent(record: HaproxyRecord): HaproxyRecord {
  const { format, fields } = record;
  if (format !== "connerror") return record;
  const event = eventOfConnectionError(String(fields.message));
  return event === undefined ? record : { ...record, fields: { ...fields, event } };
}

/** A ring cut the line before its message began: what is known of it is its header. */
const cutInStructuredData = (syslog: SyslogHeader): HaproxyRecord => ({
  format: "sd-truncated",
  syslog,
  message: "",
  truncated: true,
  fields: {},
});

const STATE_FORMAT = "admin";

function readState(line: ReceivedLine): HaproxyRecord | undefined {
  const { syslog } = line;
  const message = messageOf(line);
  const fields = readStateLine(message);
  return fields && { format: STATE_FORMAT, syslog, message: textOf(message), truncated: false, fields };
}

/** A cut line is told by what is left of it, if that fits one format only or the same fields of several. */
function readCut({ all }: Readers, line: ReceivedLine, context: LineContext): ParsedLine {
  const { syslog } = line;
  const message = messageOf(line);
  const candidates = all.flatMap(({ template, frontends }) => {
    const match = matchCutTemplate(template, message);
    const record = match && toRecord(template, { syslog, message }, match, context);
    return record === undefined ? [] : [{ record, frontends }];
  });
  if (candidates.length === 0) return reject(line, "unknown-format");
  const record = chosenOf(candidates);
  return record === undefined ? reject(line, "cut-before-its-format-shows", true) : { record };
}

const reject = (line: ReceivedLine, reason: Rejection["reason"], truncated = false): ParsedLine => ({
  rejected: { reason, syslog: line.syslog, message: textOf(messageOf(line)), truncated },
});
