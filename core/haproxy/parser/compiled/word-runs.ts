import { endOfShape } from "#core/haproxy/parser/end-of-shape.ts";
import type { TemplateField } from "#core/haproxy/parser/line-template.ts";

/** Names that stand side by side (`web app/a1`), each by itself. */
export interface WordRun {
  /** As they are printed. */
  readonly bytes: Uint8Array;
  readonly words: readonly string[];
  /** The first of the words, without the `~` that says TLS. */
  readonly frontend: string;
  readonly tls: boolean;
}

const SLOTS = 4096;

/**
 * A platform has few frontends, backends and servers and logs them for ever: each run is taken apart once, and its
 * words are shared by all records. Two that meet in a slot take turns in it.
 */
export class WordRuns {
  readonly #fields: readonly TemplateField[];
  readonly #slots: (WordRun | undefined)[] = new Array(SLOTS).fill(undefined);

  constructor(fields: readonly TemplateField[]) {
    this.#fields = fields;
  }

  /**
   * The run that stands from `from` to `to` in both, whose words hash to `hash`; undefined when one of them is none.
   */
  take(text: string, bytes: Uint8Array, from: number, to: number, hash: number): WordRun | undefined {
    const slot = (hash ^ (hash >>> 12)) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && isSame(known.bytes, bytes, from, to)) return known;
    const run = this.#read(text, from, to);
    if (run !== undefined) this.#slots[slot] = run;
    return run;
  }

  #read(text: string, from: number, to: number): WordRun | undefined {
    const words: string[] = [];
    let at = from;
    for (const [index, { before, shape }] of this.#fields.entries()) {
      if (index > 0 && !text.startsWith(before, at)) return undefined;
      if (index > 0) at += before.length;
      const end = endOfShape(shape as RegExp, text, at);
      if (end < 0 || end > to) return undefined;
      words.push(copyOf(text.slice(at, end)));
      at = end;
    }
    if (at !== to) return undefined;
    const [first = ""] = words;
    const tls = first.endsWith("~");
    const bytes = Uint8Array.from(Buffer.from(text.slice(from, to), "latin1"));
    return { bytes, words, frontend: tls ? first.slice(0, -1) : first, tls };
  }
}

function isSame(known: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (known.length !== to - from) return false;
  for (let index = known.length - 1; index >= 0; index--) if (known[index] !== bytes[from + index]) return false;
  return true;
}

/** A slice would keep the whole line that it came from. */
const copyOf = (text: string): string => Buffer.from(text, "latin1").toString("latin1");
