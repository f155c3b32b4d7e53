import { endOfShape } from "#core/haproxy/parser/end-of-shape.ts";
import type { TemplateField } from "#core/haproxy/parser/line-template.ts";

/** Names that stand side by side (`web app/a1`), each by itself. */
export interface WordRun {
  readonly text: string;
  readonly words: readonly string[];
  /** The first of the words, without the `~` that says TLS. */
  readonly frontend: string;
  readonly tls: boolean;
}

const SLOTS = 1024;

/**
 * A platform has few frontends, backends and servers and logs them for ever: each run is taken apart once, and its words
 * are shared by all records. Two that meet in a slot take turns in it.
 */
export class WordRuns {
  readonly #fields: readonly TemplateField[];
  readonly #slots: (WordRun | undefined)[] = new Array(SLOTS).fill(undefined);

  constructor(fields: readonly TemplateField[]) {
    this.#fields = fields;
  }

  /** The run that stands from `from` to `to` in both; undefined when one of its words is none. */
  take(text: string, bytes: Uint8Array, from: number, to: number): WordRun | undefined {
    const length = to - from;
    const [first, middle, last] = [bytes[from], bytes[from + (length >> 1)], bytes[to - 1]] as [number, number, number];
    const slot = (length * 37 + last * 11 + middle * 5 + first) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && known.text === text.slice(from, to)) return known;
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
    return { text: copyOf(text.slice(from, to)), words, frontend: tls ? first.slice(0, -1) : first, tls };
  }
}

/** A slice would keep the whole line that it came from. */
const copyOf = (text: string): string => Buffer.from(text, "latin1").toString("latin1");
