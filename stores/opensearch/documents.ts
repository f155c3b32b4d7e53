const FIRST_BYTES = 65_536;
/** Of a UTF-16 code unit in UTF-8. */
const MAX_BYTES_A_UNIT = 3;

/**
 * Documents of a bulk as the bytes that are sent. Each is written as soon as it is made: a text put together of parts costs
 * twice as much once it is no longer near, and who sends it would have to write it then.
 */
export class Documents {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  /** Where each ends. */
  readonly #ends: number[] = [];

  get length(): number {
    return this.#ends.length;
  }

  get bytes(): number {
    return this.#ends.at(-1) ?? 0;
  }

  add(document: string): void {
    const start = this.bytes;
    const most = start + document.length * MAX_BYTES_A_UNIT;
    if (most > this.#bytes.length) this.#grow(most);
    this.#ends.push(start + this.#bytes.write(document, start, "utf8"));
  }

  #grow(most: number): void {
    const grown = Buffer.allocUnsafe(Math.max(most, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.bytes);
    this.#bytes = grown;
  }

  /** Those at these places, in order; at all of them by default. */
  bodyOf(indices: readonly number[] = [...this.#ends.keys()]): Buffer {
    if (indices.length === this.length) return this.#bytes.subarray(0, this.bytes);
    const parts = indices.map((index) => this.#bytes.subarray(this.#ends[index - 1] ?? 0, this.#ends[index]));
    return Buffer.concat(parts);
  }
}
