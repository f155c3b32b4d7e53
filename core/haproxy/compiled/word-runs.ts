/** Names that stand side by side (`web app/a1`), each by itself. */
export interface WordRun {
  readonly text: string;
  readonly words: readonly string[];
  /** The first of the words, without the `~` that says TLS. */
  readonly frontend: string;
  readonly tls: boolean;
}

const WORD = /^[^ "]{1,512}$/;
const SLOTS = 1024;

/**
 * A platform has few frontends, backends and servers and logs them for ever: each run is taken apart once, and its words
 * are shared by all records. Two that meet in a slot take turns in it.
 */
export class WordRuns {
  readonly #separators: readonly string[];
  readonly #slots: (WordRun | undefined)[] = new Array(SLOTS).fill(undefined);

  /** What stands between the words, and after the last. */
  constructor(separators: readonly string[]) {
    this.#separators = separators;
  }

  /** The run that stands from `from` to `to`; undefined when one of its words is none. */
  take(text: string, from: number, to: number): WordRun | undefined {
    const length = to - from;
    const mixed = length * 37 + text.charCodeAt(to - 1) * 11 + text.charCodeAt(from + (length >> 1)) * 5;
    const slot = (mixed + text.charCodeAt(from)) & (SLOTS - 1);
    const run = text.slice(from, to);
    const known = this.#slots[slot];
    if (known !== undefined && known.text === run) return known;
    const read = this.#read(run);
    if (read !== undefined) this.#slots[slot] = read;
    return read;
  }

  #read(run: string): WordRun | undefined {
    const words: string[] = [];
    let at = 0;
    for (const separator of this.#separators.slice(0, -1)) {
      const end = run.indexOf(separator, at);
      words.push(run.slice(at, end));
      at = end + separator.length;
    }
    words.push(run.slice(at));
    if (!words.every((word) => WORD.test(word))) return undefined;
    const [first = ""] = words;
    const tls = first.endsWith("~");
    // A copy: a slice would keep the whole line that it came from.
    return { text: copyOf(run), words: words.map(copyOf), frontend: copyOf(tls ? first.slice(0, -1) : first), tls };
  }
}

const copyOf = (text: string): string => Buffer.from(text, "latin1").toString("latin1");
