import type { ValueShape } from "#core/events/value-shape.ts";
import {
  type CompiledValue,
  compileValue,
  type LineFindings,
  NOT_OF_FORMAT,
} from "#core/haproxy/logs/compiled/compile-value.ts";
import { bytesOf, copyBytes, copyEscaped, GIVEN_UP } from "#core/haproxy/logs/compiled/json-bytes.ts";
import { type KnownNames, type LineOrigin, tagsOfNames } from "#core/haproxy/logs/compiled/known-names.ts";
import { digitsAt } from "#core/haproxy/logs/event-id.ts";
import { type LineClock, readLineClock } from "#core/haproxy/logs/line-clock.ts";
import { type LogLine, receiptBlockOf } from "#core/haproxy/logs/log-record.ts";
import { isSurelyCutOf } from "#core/haproxy/parser/cut-lines.ts";
import type { LineParser } from "#core/haproxy/parser/haproxy-parser.ts";
import type { Reader, Readers } from "#core/haproxy/parser/readers.ts";
import { HeaderMemory } from "#core/haproxy/syslog/header-memory.ts";
import type { SyslogHeader } from "#core/haproxy/syslog/read-syslog.ts";

/** What of a line's event depends on what the line says. */
export interface WrittenLine extends LineClock {
  readonly value: string;
  readonly shape: ValueShape;
  readonly tags: readonly string[];
}

const writers = new WeakMap<LineParser, OrdinaryLines>();

/**
 * Most lines are whole, plain, and of a format that is compiled: what becomes of them is written straight from their bytes,
 * without a record between. Undefined for any other line. What is written is what is made of the record.
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
/** Behind the line and its end. In a value a byte of a line becomes 18 at most, a control character; the rest is names. */
const START = MAX_LINE_BYTES + 8;
const ALL_BYTES = START + 32 * MAX_LINE_BYTES;

interface ValueWriter {
  readonly value: CompiledValue | undefined;
  readonly reader: Reader;
}

/** A header that many lines of a second have, and what is written of it. */
interface KnownHeader {
  readonly syslog: SyslogHeader;
  /** Nothing in it is a sign that JSON escapes. */
  readonly isClean: boolean;
  readonly bytes: Uint8Array;
}

const knownHeader = (syslog: SyslogHeader, printed: string): KnownHeader => ({
  syslog,
  isClean: CLEAN.test(printed),
  bytes: bytesOf(`,"syslog":${JSON.stringify(syslog)}`),
});

const CLEAN = /^[ !#-[\]-~]*$/;

/** Who handed in a line, and what is written of that; `head` is the line's id without its last four digits. */
interface KnownOrigin extends LineOrigin {
  readonly head: string;
  readonly zone: string;
  readonly bytes: Uint8Array;
}

/** A block holds 10,000 lines. */
const BLOCK_DIGITS = 4;
const NO_BYTES = new Uint8Array();
const CLOCK = { ahead: bytesOf(',"clock":"ahead"'), behind: bytesOf(',"clock":"behind"') };
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
  readonly #bytes = Buffer.alloc(ALL_BYTES);
  readonly #findings: LineFindings = {
    timeMs: 0,
    names: undefined,
    status: 0,
    requestAt: -1,
    requestEnd: -1,
    isClean: true,
    isAscii: true,
    cutIn: -1,
  };
  #header: KnownHeader = { syslog: {}, isClean: false, bytes: NO_BYTES };
  #origin: KnownOrigin = { head: "", zone: "", source: "", block: undefined, bytes: NO_BYTES };

  constructor(readers: Readers) {
    this.#readers = readers;
    this.#writers = readers.compiled.map((reader) => ({ reader, value: compileValue(reader.template) }));
  }

  write(line: LogLine & { readonly line: string }, receivedAtMs: number): WrittenLine | undefined {
    const text = line.line;
    const { length } = text;
    const bytes = this.#bytes;
    // What takes as many bytes as it has characters is ASCII.
    if (length > MAX_LINE_BYTES || bytes.write(text, 0, "utf8") !== length) return undefined;
    // To a reader, one at the end is none of the line.
    if (bytes[length - 1] === LINE_FEED) return undefined;
    bytes[length] = 0;
    const { syslog, at } = this.#headers.read(text, bytes);
    if (this.#header.syslog !== syslog) this.#header = knownHeader(syslog, text.slice(0, at));
    if (!this.#header.isClean) return undefined;
    const context = { zone: line.zone, receivedAtMs };
    for (const { value, reader } of this.#writers) {
      if (value === undefined) return undefined;
      const end = value.write(text, bytes, at, length, START, context, this.#findings);
      if (end === GIVEN_UP) return undefined;
      if (end === NOT_OF_FORMAT) continue;
      const { cutIn } = this.#findings;
      if (cutIn >= 0 && !this.#isCutOf(reader, cutIn, text.slice(at))) return undefined;
      if (cutIn >= 0 || this.#isOf(reader)) return this.#finish(line, end, value.shape, receivedAtMs);
    }
    return undefined;
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
    const bytes = this.#bytes;
    const { timeMs, names, status, isAscii } = this.#findings;
    const { timestampMs, clock } = readLineClock(timeMs, receivedAtMs);
    const origin = this.#originOf(line);
    if (origin === undefined) return undefined;
    let end = copyBytes(this.#header.bytes, bytes, at);
    if (clock !== undefined) end = copyBytes(CLOCK[clock], bytes, end);
    end = copyBytes(origin.bytes, bytes, end);
    end = this.#copyLine(line.line.length, end);
    bytes[end++] = QUOTE;
    bytes[end++] = END;
    const tags = tagsOfNames(names as KnownNames, status, origin);
    return { value: bytes.toString(isAscii ? "latin1" : "utf8", START, end), shape, tags, timestampMs, clock };
  }

  /** In most the quotes around the request are all that JSON escapes. */
  #copyLine(length: number, start: number): number {
    const bytes = this.#bytes;
    const { requestAt, requestEnd, isClean } = this.#findings;
    if (!isClean) return copyEscaped(bytes, 0, length, start);
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
  #originOf({ id, source, zone }: LogLine): KnownOrigin | undefined {
    const known = this.#origin;
    if (known.source === source && known.zone === zone && isOfBlock(id, known)) return known;
    const text = `,"source":${JSON.stringify(source)},"zone":${JSON.stringify(zone)},"line":"`;
    if (!ASCII.test(text)) return undefined;
    const block = receiptBlockOf(id);
    this.#origin = { head: id.slice(0, -BLOCK_DIGITS), source, zone, block, bytes: bytesOf(text) };
    return this.#origin;
  }
}

const isOfBlock = (id: string, { block, head }: KnownOrigin): boolean =>
  block === undefined
    ? receiptBlockOf(id) === undefined
    : id.length === head.length + BLOCK_DIGITS && id.startsWith(head) && digitsAt(id, head.length) >= 0;
