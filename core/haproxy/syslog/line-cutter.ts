import { joinBytes } from "#core/bytes.ts";

/** A line of a byte stream, without its LF. `cut` where it was longer than allowed: then it is its beginning. */
export interface CutLine {
  readonly line: Uint8Array;
  readonly cut: boolean;
}

const LINE_FEED = 0x0a;

/** Cuts a stream of bytes into lines, empty ones too, however it comes in chunks. Holds no more than one line. */
export class LineCutter {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #held = 0;
  #cut = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in this chunk. One that lies in it whole shares its bytes. */
  push(chunk: Uint8Array): CutLine[] {
    const lines: CutLine[] = [];
    let from = 0;
    for (let feed = chunk.indexOf(LINE_FEED); feed >= 0; feed = chunk.indexOf(LINE_FEED, from)) {
      this.#hold(chunk.subarray(from, feed));
      lines.push(this.#take());
      from = feed + 1;
    }
    this.#hold(chunk.subarray(from));
    return lines;
  }

  /** The last line, if nothing ended it. */
  end(): CutLine[] {
    return this.#held > 0 ? [this.#take()] : [];
  }

  #hold(bytes: Uint8Array): void {
    const room = this.#maxBytes - this.#held;
    if (bytes.length > room) this.#cut = true;
    if (bytes.length === 0 || room === 0) return;
    const kept = bytes.subarray(0, room);
    this.#parts.push(kept);
    this.#held += kept.length;
  }

  #take(): CutLine {
    const taken = { line: joinBytes(this.#parts, this.#held), cut: this.#cut };
    this.#parts = [];
    this.#held = 0;
    this.#cut = false;
    return taken;
  }
}
