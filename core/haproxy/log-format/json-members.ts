import { isField, type JsonMember, type LogFormatPart } from "#core/haproxy/log-format/log-format.ts";

/** The members, if the parts make up a JSON object; undefined if they do not. */
export function readJsonMembers(parts: readonly LogFormatPart[]): readonly JsonMember[] | undefined {
  const [first] = parts;
  if (first === undefined || isField(first) || !first.literal.trimStart().startsWith("{")) return undefined;
  const reader = new JsonFormatReader(parts);
  if (!reader.readObject([]) || !reader.isAtEnd()) return undefined;
  // Of a key that stands twice, JSON takes the last.
  return [...new Map(reader.members.map((member) => [member.path.join("\0"), member])).values()];
}

const MAX_DEPTH = 100;
const SPACE = /\s/;
const BARE_VALUE = /^(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/;

/** Reads JSON in which fields can stand for values, or parts of them. */
class JsonFormatReader {
  readonly members: JsonMember[] = [];
  readonly #parts: readonly LogFormatPart[];
  #part = 0;
  /** Within the literal at `#part`. */
  #at = 0;

  constructor(parts: readonly LogFormatPart[]) {
    this.#parts = parts;
  }

  isAtEnd(): boolean {
    this.#skipSpace();
    return this.#part >= this.#parts.length;
  }

  readObject(path: JsonMember["path"]): boolean {
    if (!this.#take("{")) return false;
    if (this.#take("}")) return true;
    do {
      const key = this.#readKey();
      if (key === undefined || !this.#take(":") || !this.#readValue([...path, key])) return false;
    } while (this.#take(","));
    return this.#take("}");
  }

  #readArray(path: JsonMember["path"]): boolean {
    if (!this.#take("[")) return false;
    if (this.#take("]")) return true;
    let place = 0;
    do {
      if (!this.#readValue([...path, place++])) return false;
    } while (this.#take(","));
    return this.#take("]");
  }

  #readValue(path: JsonMember["path"]): boolean {
    this.#skipSpace();
    const character = this.#character();
    if (path.length > MAX_DEPTH) return false;
    if (character === "{") return this.readObject(path);
    if (character === "[") return this.#readArray(path);
    const quoted = character === '"';
    const parts = quoted ? this.#readString() : this.#readBare();
    if (parts === undefined) return false;
    this.members.push({ path, quoted, parts });
    return true;
  }

  #readKey(): string | undefined {
    this.#skipSpace();
    if (this.#character() !== '"') return undefined;
    const parts = this.#readString();
    if (parts === undefined || parts.some(isField)) return undefined;
    return parseString(parts.map((part) => (isField(part) ? "" : part.literal)).join(""));
  }

  /** What stands between two quotes of the format's own. */
  #readString(): LogFormatPart[] | undefined {
    this.#at++;
    return this.#collect((character) => character === '"', true);
  }

  #readBare(): LogFormatPart[] | undefined {
    const parts = this.#collect((character) => ",}]".includes(character) || SPACE.test(character), false);
    if (parts === undefined || parts.length === 0) return undefined;
    const [only] = parts;
    const isConstant = parts.length === 1 && only !== undefined && !isField(only);
    return isConstant && !BARE_VALUE.test(only.literal) ? undefined : parts;
  }

  /** The parts up to the first literal character that ends them; a quote at the end is taken along. */
  #collect(isEnd: (character: string) => boolean, takesEnd: boolean): LogFormatPart[] | undefined {
    const collected: LogFormatPart[] = [];
    for (; this.#part < this.#parts.length; this.#part++, this.#at = 0) {
      const part = this.#parts[this.#part] as LogFormatPart;
      if (isField(part)) {
        collected.push(part);
        continue;
      }
      const start = this.#at;
      while (this.#at < part.literal.length && !isEnd(part.literal[this.#at] as string)) {
        this.#at += takesEnd && part.literal[this.#at] === "\\" ? 2 : 1;
      }
      if (this.#at > start) collected.push({ literal: part.literal.slice(start, this.#at) });
      if (this.#at >= part.literal.length) continue;
      if (takesEnd) this.#at++;
      return collected;
    }
    return undefined;
  }

  /** Takes this character, whatever space stands before it. */
  #take(character: string): boolean {
    this.#skipSpace();
    if (this.#character() !== character) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    for (let character = this.#character(); character !== undefined && SPACE.test(character); ) {
      this.#at++;
      character = this.#character();
    }
  }

  /** The literal character here; undefined where a field stands, and at the end. */
  #character(): string | undefined {
    for (;;) {
      const part = this.#parts[this.#part];
      if (part === undefined || isField(part)) return undefined;
      if (this.#at < part.literal.length) return part.literal[this.#at];
      this.#part++;
      this.#at = 0;
    }
  }
}

/** The text of a JSON string without its quotes; undefined where it is none. */
function parseString(escaped: string): string | undefined {
  try {
    return JSON.parse(`"${escaped}"`);
  } catch {
    return undefined;
  }
}
