import { joinBytes } from "#core/bytes.ts";
import { MAX_INFLATED_BYTES } from "#core/events/records/journal-record.ts";

/** A line of an archived file, counted from 1: its text, or why it has none. */
export type ArchivedLine =
  | { readonly line: number; readonly text: string }
  | { readonly line: number; readonly unreadable: string };

const NEWLINE = 0x0a;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Cuts the bytes of a file into lines, however they come in chunks. Holds no more than one line of the longest allowed:
 * what is longer, or not UTF-8, costs itself and no other line. Empty lines are counted and left out.
 */
export class LineSplitter {
  readonly #maxLineBytes: number;
  /** The beginning of the line that the next chunk goes on with. */
  #parts: Uint8Array[] = [];
  /** How long that beginning is, also where it is too long to be held. */
  #bytes = 0;
  #line = 0;

  constructor(maxLineBytes = MAX_INFLATED_BYTES) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** How many lines have ended. */
  get lines(): number {
    return this.#line;
  }

  /** The lines that end in this chunk. */
  push(chunk: Uint8Array): ArchivedLine[] {
    const lines: ArchivedLine[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.#hold(chunk.subarray(from, end));
      this.#endLine(lines);
      from = end + 1;
    }
    this.#hold(chunk.subarray(from));
    return lines;
  }

  /** The last line, if nothing ended it. */
  end(): ArchivedLine[] {
    const lines: ArchivedLine[] = [];
    if (this.#bytes > 0) this.#endLine(lines);
    return lines;
  }

  #hold(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#bytes += part.length;
    if (this.#bytes <= this.#maxLineBytes) this.#parts.push(part);
    else this.#parts = [];
  }

  #endLine(lines: ArchivedLine[]): void {
    this.#line++;
    if (this.#bytes > 0) lines.push(this.#held());
    this.#parts = [];
    this.#bytes = 0;
  }

  #held(): ArchivedLine {
    const line = this.#line;
    if (this.#bytes > this.#maxLineBytes)
      return { line, unreadable: `has ${this.#bytes} bytes, a line has at most ${this.#maxLineBytes}` };
    try {
      return { line, text: utf8.decode(joinBytes(this.#parts, this.#bytes)) };
    } catch {
      return { line, unreadable: "is not UTF-8" };
    }
  }
}
