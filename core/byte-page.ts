/*
 * Bytes that are copied four at a time. Names and values are so short that this takes a third of the time of `set` and
 * `copyWithin`. Up to three bytes behind a copy are overwritten: whoever writes goes on there.
 */

const WORD = 4;

/** As many bytes are copied sooner by `copy`. */
const MANY = 256;

/** What may be overwritten behind a copy. */
export const OVERRUN = WORD - 1;

/** Bytes that are read and written one by one, and by words. */
export class Page {
  readonly bytes: Buffer;
  readonly view: DataView;

  constructor(length: number) {
    this.bytes = Buffer.allocUnsafeSlow(length);
    this.view = new DataView(this.bytes.buffer, 0, length);
  }

  /** Copies what stands from `from` to `to` to a place behind it. Answers where the copy ends. */
  copy(from: number, to: number, at: number): number {
    return copyWords(this.view, this.view, from, to, at);
  }

  /** Copies the same to another page, however much it is. */
  copyTo(other: Page, from: number, to: number, at: number): number {
    if (to - from > MANY) {
      this.bytes.copy(other.bytes, at, from, to);
      return at + to - from;
    }
    return copyWords(this.view, other.view, from, to, at);
  }
}

function copyWords(source: DataView, target: DataView, from: number, to: number, at: number): number {
  const moved = at - from;
  for (let word = from; word < to; word += WORD) target.setUint32(word + moved, source.getUint32(word, true), true);
  return to + moved;
}

/** A text that is written often. */
export class Fragment {
  readonly length: number;
  /** With zeros behind, up to whole words. */
  readonly #words: DataView;

  constructor(text: string | Uint8Array) {
    const bytes = Buffer.from(text);
    this.length = bytes.length;
    const words = new Uint8Array(this.length + OVERRUN);
    words.set(bytes);
    this.#words = new DataView(words.buffer);
  }

  /** Answers where what was written ends. */
  writeTo({ view }: Page, at: number): number {
    const words = this.#words;
    const { length } = this;
    for (let from = 0; from < length; from += WORD) view.setUint32(at + from, words.getUint32(from, true), true);
    return at + length;
  }

  /** Whether it stands there. */
  standsAt({ view, bytes }: Page, at: number): boolean {
    const words = this.#words;
    const whole = this.length - (this.length % WORD);
    for (let from = 0; from < whole; from += WORD)
      if (view.getUint32(at + from, true) !== words.getUint32(from, true)) return false;
    for (let from = whole; from < this.length; from++) if (bytes[at + from] !== words.getUint8(from)) return false;
    return true;
  }
}
