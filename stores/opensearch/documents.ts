const FIRST_BYTES = 65_536;
/** Of a UTF-16 code unit in UTF-8. */
const MAX_BYTES_A_UNIT = 3;

/** Bytes of bulks that are done, for those to come: as many as are made and sent at once, none larger than a bulk grows. */
const spare: Buffer[] = [];
const MAX_SPARE = 4;
const MAX_SPARE_BYTES = 4_194_304;

/**
 * Documents of a bulk as the bytes that are sent. Each is written part by part as it is made: a text put together of the
 * parts costs twice as much, and more once it is no longer near. Whoever adds to them ends each with `end`.
 */
export class Documents {
  #bytes = spare.pop() ?? Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;
  /** Where each ends. */
  readonly #ends: number[] = [];
  #mayBeReadLater = false;

  get length(): number {
    return this.#ends.length;
  }

  get bytes(): number {
    return this.#ends.at(-1) ?? 0;
  }

  addText(text: string): void {
    this.#reserve(text.length * MAX_BYTES_A_UNIT);
    this.#at += this.#bytes.write(text, this.#at, "utf8");
  }

  addBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** A text, what follows it, and the same text again. */
  addTwice(text: string, between: Uint8Array): void {
    const from = this.#at;
    this.addText(text);
    const to = this.#at;
    this.addBytes(between);
    this.#reserve(to - from);
    this.#bytes.copyWithin(this.#at, from, to);
    this.#at += to - from;
  }

  /** What was added since the last end is a document. */
  end(): void {
    this.#ends.push(this.#at);
  }

  /** Takes the last document away, as the first of others. */
  takeLast(): Documents {
    const to = this.#ends.pop() ?? 0;
    const taken = new Documents();
    taken.addBytes(this.#bytes.subarray(this.bytes, to));
    taken.end();
    this.#at = this.bytes;
    return taken;
  }

  /** Those at these places, in order; at all of them by default. */
  bodyOf(indices: readonly number[] = [...this.#ends.keys()]): Buffer {
    if (indices.length === this.length) return this.#bytes.subarray(0, this.bytes);
    const parts = indices.map((index) => this.#bytes.subarray(this.#ends[index - 1] ?? 0, this.#ends[index]));
    return Buffer.concat(parts);
  }

  /** Somebody may be sending them still, after an answer that came before its time or none: no others take their place. */
  leave(): void {
    this.#mayBeReadLater = true;
  }

  /** They are done with, and so is what `bodyOf` gave: other documents take their place. */
  release(): void {
    const isSpare = !this.#mayBeReadLater && this.#bytes.length <= MAX_SPARE_BYTES && spare.length < MAX_SPARE;
    if (isSpare) spare.push(this.#bytes);
    this.#bytes = NOTHING;
    this.#at = 0;
    this.#ends.length = 0;
  }

  #reserve(most: number): void {
    if (this.#at + most <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#at + most, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

const NOTHING = Buffer.alloc(0);
