import { Fragment, type Page } from "#core/byte-page.ts";
import { expandedTags, tagsOfWay } from "#core/haproxy/logs/line-tags.ts";
import type { WordRun, WordRuns } from "#core/haproxy/parser/compiled/word-runs.ts";

/** Who logged a line, and the block it is counted in: the same in all lines of a batch. */
export interface LineOrigin {
  readonly source: string;
  readonly block: string | undefined;
}

/** Names that stand side by side in a line, `web app/a1`, and what is written of them. */
export interface KnownNames {
  readonly printed: Fragment;
  /** None of them has a sign that JSON escapes. */
  readonly isClean: boolean;
  /** `,"ft":"web","b":"app","s":"a1"`. */
  readonly members: Fragment;
  /** What the format and the frontend say: `,"format":"httplog","frontend":"web","tls":false`. */
  readonly format: Fragment;
  readonly frontend: string;
  readonly backend: string | undefined;
  readonly server: string | undefined;
  /** The tags of its lines by the first digit of their status, as the origin that asked last has them. */
  readonly tags: (readonly string[] | undefined)[];
  origin: LineOrigin | undefined;
}

/** The tags of a line of these names; the same array for the next one. Of a status below 100 there is none. */
export function tagsOfNames(names: KnownNames, status: number, origin: LineOrigin): readonly string[] {
  if (names.origin !== origin) {
    names.tags.length = 0;
    names.origin = origin;
  }
  const hundreds = Math.floor(status / 100);
  const known = names.tags[hundreds];
  if (known !== undefined) return known;
  const tags = tagsOfWay(names.frontend, names.backend, names.server, status);
  const expanded = expandedTags(tags, origin.source, origin.block);
  names.tags[hundreds] = expanded;
  return expanded;
}

/** What is written of names, which depends on their format. */
export interface NamesWriter {
  /** By the index names of the words. */
  readonly members: readonly string[];
  readonly format: string;
  /** The places of these words; -1 where the format has none. */
  readonly backend: number;
  readonly server: number;
}

const FIRST_PRINTED = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Words of some formats hold anything but a space. */
const isEscaped = (byte: number): boolean => byte < FIRST_PRINTED || byte === QUOTE || byte === BACKSLASH;

const SLOTS = 4096;
/** Of FNV-1a: names of one platform differ in a few letters anywhere. */
const HASH_FACTOR = 0x01000193;

/** A platform has few frontends, backends and servers and logs them for ever: what is written of them is made once. */
export class NamesMemory {
  readonly #runs: WordRuns;
  readonly #writer: NamesWriter;
  readonly #slots: (KnownNames | undefined)[] = new Array(SLOTS).fill(undefined);

  constructor(runs: WordRuns, writer: NamesWriter) {
    this.#runs = runs;
    this.#writer = writer;
  }

  /** Those that stand from `from` to `to`; undefined when they are none. */
  take(text: string, page: Page, from: number, to: number): KnownNames | undefined {
    const { bytes } = page;
    const length = to - from;
    let hash = length;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), HASH_FACTOR);
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && known.printed.length === length && known.printed.standsAt(page, from)) return known;
    const run = this.#runs.take(text, bytes, from, to, slot);
    if (run === undefined) return undefined;
    const made = this.#make(run);
    this.#slots[slot] = made;
    return made;
  }

  #make({ bytes, words, frontend, tls }: WordRun): KnownNames {
    const { members, format, backend, server } = this.#writer;
    const written = members.map((name, index) => `,${JSON.stringify(name)}:${JSON.stringify(words[index])}`);
    const names = { format, frontend, tls };
    return {
      printed: new Fragment(bytes),
      isClean: !bytes.some(isEscaped),
      members: new Fragment(written.join("")),
      format: new Fragment(`,${JSON.stringify(names).slice(1, -1)}`),
      frontend,
      backend: words[backend],
      server: words[server],
      tags: [],
      origin: undefined,
    };
  }
}
