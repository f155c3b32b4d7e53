import { type Fragment, OVERRUN, Page } from "#core/byte-page.ts";

const FIRST_BYTES = 65_536;
/** Of a UTF-16 code unit in UTF-8. */
const MAX_BYTES_A_UNIT = 3;

/**
 * Bytes of bulks that are done, for those to come: as many as are made and sent at once, none larger than a bulk
 * grows.
 */
const spare: Page[] = [];
const MAX_SPARE = 4;
const MAX_SPARE_BYTES = 4_194_304;

/**
 * Documents of a bulk as the bytes that are sent. Each is written part by part as it is made: a text put together of
 * the parts costs twice as much, and more once it is no longer near. Whoever adds to them ends each with `end`.
 */
export class Documents {
  #page = spare.pop() ?? new Page(FIRST_BYTES);
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
    this.#at += this.#page.bytes.write(text, this.#at, "utf8");
  }

  /** A text of ASCII. */
  addAscii(text: string): void {
    this.#reserve(text.length);
    this.#at += this.#page.bytes.write(text, this.#at, "latin1");
  }

  add(fragment: Fragment): void {
    this.#reserve(fragment.length);
    this.#at = fragment.writeTo(this.#page, this.#at);
  }

  /** What stands there in another page. */
  addFrom(page: Page, from: number, to: number): void {
    this.#reserve(to - from);
    this.#at = page.copyTo(this.#page, from, to, this.#at);
  }

  /** A text, what follows it, and the same text again. */
  addTwice(text: string, between: Fragment): void {
    const from = this.#at;
    this.addText(text);
    const to = this.#at;
    this.add(between);
    this.#reserve(to - from);
    this.#at = this.#page.copy(from, to, this.#at);
  }

  /** What was added since the last end is a document. */
  end(): void {
    this.#ends.push(this.#at);
  }

  /** Takes the last document away, as the first of others. */
  takeLast(): Documents {
    const to = this.#ends.pop() ?? 0;
    const taken = new Documents();
    taken.addFrom(this.#page, this.bytes, to);
    taken.end();
    this.#at = this.bytes;
    return taken;
  }

  /** Those at these places, in order; at all of them by default. */
  bodyOf(indices: readonly number[] = [...this.#ends.keys()]): Buffer {
    const { bytes } = this.#page;
    if (indices.length === this.length) return bytes.subarray(0, this.bytes);
    const parts = indices.map((index) => bytes.subarray(this.#ends[index - 1] ?? 0, this.#ends[index]));
    return Buffer.concat(parts);
  }

  /**
   * Somebody may be sending them still, after an answer that came before its time or none: no others take their
   * place.
   */
  leave(): void {
    this.#mayBeReadLater = true;
  }

  /** They are done with, and so is what `bodyOf` gave: other documents take their place. */
  release(): void {
    const isSmall = this.#page.bytes.length <= MAX_SPARE_BYTES;
    if (!this.#mayBeReadLater && isSmall && spare.length < MAX_SPARE) spare.push(this.#page);
    this.#page = NOTHING;
    this.#at = 0;
    this.#ends.length = 0;
  }

  #reserve(most: number): void {
    const needed = this.#at + most + OVERRUN;
    const { bytes } = this.#page;
    if (needed <= bytes.length) return;
    const grown = new Page(Math.max(needed, 2 * bytes.length));
    bytes.copy(grown.bytes, 0, 0, this.#at);
    this.#page = grown;
  }
}

const NOTHING = new Page(0);
