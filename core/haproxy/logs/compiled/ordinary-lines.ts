import { Fragment, Page } from "#core/byte-page.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/types/event-types.ts";
import type { ValueShape } from "#core/events/values/value-shape.ts";
import { EventPages, HEAD_BYTES, type WrittenEvent } from "#core/events/written-event.ts";
import {
  type CompiledValue,
  compileValue,
  type LineFindings,
  NOT_OF_FORMAT,
} from "#core/haproxy/logs/compiled/compile-value.ts";
import { EventHead } from "#core/haproxy/logs/compiled/event-head.ts";
import { copyEscaped, GIVEN_UP } from "#core/haproxy/logs/compiled/json-bytes.ts";
import { type KnownNames, type LineOrigin, tagsOfNames } from "#core/haproxy/logs/compiled/known-names.ts";
import { readLineClock } from "#core/haproxy/logs/line-clock.ts";
import type { LogLine } from "#core/haproxy/logs/log-record.ts";
import { isSurelyCutOf } from "#core/haproxy/parser/cut-lines.ts";
import type { LineParser } from "#core/haproxy/parser/haproxy-parser.ts";
import type { Reader, Readers } from "#core/haproxy/parser/readers.ts";
import { HeaderMemory } from "#core/haproxy/syslog/header-memory.ts";
import type { SyslogHeader } from "#core/haproxy/syslog/read-syslog.ts";

/** The event of a line, and what its value is made of. */
export interface WrittenLine {
  readonly event: WrittenEvent;
  readonly shape: ValueShape;
}

const writers = new WeakMap<LineParser, OrdinaryLines>();

/**
 * Most lines are whole, plain, and of a format that is compiled: what becomes of them is written straight from their
 * bytes, without a record between. Undefined for any other line. What is written is what is made of the record.
 */
export function writeOrdinaryLine(line: LogLine, parse: LineParser, receivedAtMs: number): WrittenLine | undefined {
  if (!("line" in line) || line.cut || parse.readers === undefined) return undefined;
  let writer = writers.get(parse);
  if (writer === undefined) {
    writer = new OrdinaryLines(parse.readers());
    writers.set(parse, writer);
  }
  return writer.write(line, receivedAtMs);
}

/** Far longer than HAProxy's lines are. */
const MAX_LINE_BYTES = 4096;
/** Of UTF-8, in bytes. */
const LONGEST_CHARACTER = 4;
/** Behind the line and its end stands what is written of its header, then the event. */
const HEADER_AT = MAX_LINE_BYTES + 8;
const EVENT_AT = HEADER_AT + 2 * MAX_LINE_BYTES;
/** In a value a byte of a line becomes 18 at most, a control character; the rest is names. */
const START = EVENT_AT + HEAD_BYTES;
const ALL_BYTES = START + 32 * MAX_LINE_BYTES;

interface ValueWriter {
  readonly value: CompiledValue | undefined;
  readonly reader: Reader;
}

/**
 * The header of the last line: many of a second have the same. What is written of it stands in the page, up to `end`.
 */
interface KnownHeader {
  readonly syslog: SyslogHeader;
  readonly end: number;
}

/** No sign that JSON escapes. */
const CLEAN = /^[ !#-[\]-~]*$/;

/** Who handed in a line, and what is written of that. */
interface KnownOrigin extends LineOrigin {
  readonly zone: string;
  readonly written: Fragment;
}

const NOTHING = new Fragment("");
const CLOCK = { ahead: new Fragment(',"clock":"ahead"'), behind: new Fragment(',"clock":"behind"') };
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are ASCII, too
const ASCII = /^[\x00-\x7f]*$/;
const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const END = 0x7d;

class OrdinaryLines {
  readonly #writers: readonly ValueWriter[];
  readonly #readers: Readers;
  readonly #headers = new HeaderMemory();
  readonly #page = new Page(ALL_BYTES);
  readonly #findings: LineFindings = {
    timeMs: 0,
    names: undefined,
    status: 0,
    requestAt: -1,
    requestEnd: -1,
    isClean: true,
    cutIn: -1,
  };
  readonly #head = new EventHead(this.#page, EVENT_AT);
  readonly #pages = new EventPages();
  #header: KnownHeader | undefined;
  #origin: KnownOrigin = { zone: "", source: "", block: undefined, written: NOTHING };

  constructor(readers: Readers) {
    this.#readers = readers;
    this.#writers = readers.compiled.map((reader) => ({ reader, value: compileValue(reader.template) }));
  }

  write(line: LogLine & { readonly line: string }, receivedAtMs: number): WrittenLine | undefined {
    const text = line.line;
    const { length } = text;
    const page = this.#page;
    const { bytes } = page;
    // What takes as many bytes as it has characters is ASCII. Of what takes more, enough is written to see it, and nothing
    // behind is overwritten.
    if (length > MAX_LINE_BYTES || bytes.write(text, 0, MAX_LINE_BYTES + LONGEST_CHARACTER, "utf8") !== length)
      return undefined;
    // To a reader, one at the end is none of the line.
    if (bytes[length - 1] === LINE_FEED) return undefined;
    bytes[length] = 0;
    const { syslog, at } = this.#headers.read(text, bytes);
    if (this.#header?.syslog !== syslog && !this.#writeHeader(syslog, text.slice(0, at))) return undefined;
    const context = { zone: line.zone, receivedAtMs };
    for (const { value, reader } of this.#writers) {
      if (value === undefined) return undefined;
      const end = value.write(text, page, at, length, START, context, this.#findings);
      if (end === GIVEN_UP) return undefined;
      if (end === NOT_OF_FORMAT) continue;
      const { cutIn } = this.#findings;
      if (cutIn >= 0 && !this.#isCutOf(reader, cutIn, text.slice(at))) return undefined;
      if (cutIn >= 0 || this.#isOf(reader)) return this.#finish(line, end, value.shape, receivedAtMs);
    }
    return undefined;
  }

  /** False for one in which JSON would escape something. */
  #writeHeader(syslog: SyslogHeader, printed: string): boolean {
    this.#header = undefined;
    const text = `,"syslog":${JSON.stringify(syslog)}`;
    if (!CLEAN.test(printed) || text.length > 2 * MAX_LINE_BYTES) return false;
    this.#header = { syslog, end: HEADER_AT + this.#page.bytes.write(text, HEADER_AT, "latin1") };
    return true;
  }

  #isOf({ frontends }: Reader): boolean {
    const all = this.#readers.frontends;
    if (all.size === 0) return true;
    const { frontend } = this.#findings.names as KnownNames;
    return frontends.has(frontend) || !all.has(frontend);
  }

  #isCutOf(reader: Reader, cutIn: number, message: string): boolean {
    return isSurelyCutOf(reader, cutIn, this.#findings.names as KnownNames, message, this.#readers);
  }

  /** What all values end with, from `at` on. */
  #finish(
    line: LogLine & { readonly line: string },
    at: number,
    shape: ValueShape,
    receivedAtMs: number,
  ): WrittenLine | undefined {
    const page = this.#page;
    const { bytes } = page;
    const { timeMs, names, status } = this.#findings;
    const { timestampMs, clock } = readLineClock(timeMs, receivedAtMs);
    const origin = this.#originOf(line, this.#head.writeId(line.id));
    if (origin === undefined || !this.#head.writeTimestamp(timestampMs)) return undefined;
    let end = page.copy(HEADER_AT, (this.#header as KnownHeader).end, at);
    if (clock !== undefined) end = CLOCK[clock].writeTo(page, end);
    end = origin.written.writeTo(page, end);
    end = this.#copyLine(line.line.length, end);
    bytes[end++] = QUOTE;
    bytes[end++] = END;
    const tags = tagsOfNames(names as KnownNames, status, origin);
    const { namespace } = line;
    const event = { namespace, type: HAPROXY_EVENT_TYPE, tags, timestampMs, receivedAtMs };
    return { event: this.#pages.take(event, page, EVENT_AT, end), shape };
  }

  /** In most the quotes around the request are all that JSON escapes. */
  #copyLine(length: number, start: number): number {
    const page = this.#page;
    const { bytes } = page;
    const { requestAt, requestEnd, isClean } = this.#findings;
    if (!isClean) return copyEscaped(page, 0, length, start);
    let at = start;
    let from = 0;
    if (requestAt >= 0) {
      bytes.copyWithin(at, 0, requestAt - 1);
      at += requestAt - 1;
      bytes[at++] = BACKSLASH;
      bytes.copyWithin(at, requestAt - 1, requestEnd);
      at += requestEnd - requestAt + 1;
      bytes[at++] = BACKSLASH;
      from = requestEnd;
    }
    bytes.copyWithin(at, from, length);
    return at + length - from;
  }

  /** Lines of a batch have the same; undefined where that is not ASCII. */
  #originOf({ source, zone }: LogLine, block: string | undefined): KnownOrigin | undefined {
    const known = this.#origin;
    if (known.source === source && known.zone === zone && known.block === block) return known;
    const text = `,"source":${JSON.stringify(source)},"zone":${JSON.stringify(zone)},"line":"`;
    if (!ASCII.test(text)) return undefined;
    this.#origin = { source, zone, block, written: new Fragment(text) };
    return this.#origin;
  }
}
