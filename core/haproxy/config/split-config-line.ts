/** The words of a line, or why HAProxy would not read it; `unset` are variables that nothing is known of. */
export type ConfigWords =
  | { readonly words: readonly string[]; readonly unset: readonly string[] }
  | { readonly reason: string; readonly at: number };

/** What an environment variable holds; undefined where it is not set. */
export type Variables = (name: string) => string | undefined;

const SPACE = /\s/;
const ESCAPES: Readonly<Partial<Record<string, string>>> = { t: "\t", n: "\n", r: "\r" };
/** What a backslash protects outside single quotes; a dollar sign only within double quotes. */
const PROTECTED: ReadonlySet<string> = new Set([" ", "\\", "#", "'", '"']);
const VARIABLE = /\$(\{)?([A-Za-z_.][A-Za-z0-9_]*)/y;

/**
 * Cuts a line of a configuration into words as HAProxy does (configuration manual, sections 2.2 and 2.3): quotes and
 * backslashes are gone, variables within double quotes replaced. A line is never continued on the next one.
 */
export function splitConfigLine(line: string, variables: Variables): ConfigWords {
  const words = new WordList();
  const unset: string[] = [];
  let quote: { readonly sign: string; readonly at: number; readonly holdsList?: true } | undefined;

  for (let at = 0; at < line.length; ) {
    const character = line[at] as string;
    if ((character === '"' || character === "'") && (quote === undefined || quote.sign === character)) {
      // Quotes around nothing make an empty word; quotes around a list make just the words of the list.
      if (quote !== undefined && !quote.holdsList) words.add("");
      quote = quote === undefined ? { sign: character, at } : undefined;
      at++;
    } else if (character === "\\" && quote?.sign !== "'") {
      const escaped = readEscape(line, at, quote !== undefined);
      if (escaped === undefined) return { reason: "\\x must be followed by two hexadecimal digits", at };
      words.add(escaped.text);
      at = escaped.end;
    } else if (character === "$" && quote?.sign === '"') {
      const variable = readVariable(line, at, variables);
      if ("reason" in variable) return variable;
      const { name, value, isList, end } = variable;
      if (isList) quote = { ...quote, holdsList: true };
      else if (value === undefined) unset.push(name);
      if (isList) words.addList(value ?? "");
      else words.add(value ?? "");
      at = end;
    } else if (quote === undefined && character === "#") {
      break;
    } else if (quote === undefined && SPACE.test(character)) {
      words.endWord();
      at++;
    } else {
      words.add(character);
      at++;
    }
  }
  if (quote !== undefined) return { reason: "The quote is not closed on this line", at: quote.at };
  words.endWord();
  return { words: words.ended, unset };
}

/** Words that grow piece by piece. */
class WordList {
  readonly ended: string[] = [];
  #word: string | undefined;

  add(text: string): void {
    this.#word = (this.#word ?? "") + text;
  }

  endWord(): void {
    if (this.#word !== undefined) this.ended.push(this.#word);
    this.#word = undefined;
  }

  /** Spaces within the list end words, also where it begins or ends with them. */
  addList(list: string): void {
    list.split(/\s+/).forEach((one, index) => {
      if (index > 0) this.endWord();
      if (one !== "") this.add(one);
    });
  }
}

/** What a backslash and what follows it stand for. Where they mean nothing together, both stay. */
function readEscape(line: string, at: number, isQuoted: boolean): { text: string; end: number } | undefined {
  const next = line[at + 1] ?? "";
  if (next === "x") {
    const digits = /^[\da-fA-F]{2}/.exec(line.slice(at + 2, at + 4))?.[0];
    return digits === undefined ? undefined : { text: String.fromCharCode(Number.parseInt(digits, 16)), end: at + 4 };
  }
  const text = ESCAPES[next] ?? (PROTECTED.has(next) || (next === "$" && isQuoted) ? next : undefined);
  return text === undefined ? { text: "\\", end: at + 1 } : { text, end: at + 2 };
}

type ReadVariable =
  | { readonly name: string; readonly value: string | undefined; readonly isList: boolean; readonly end: number }
  | { readonly reason: string; readonly at: number };

/** `$NAME`, `${NAME}`, `${NAME-default}`, `${NAME[*]}`. */
function readVariable(line: string, at: number, variables: Variables): ReadVariable {
  VARIABLE.lastIndex = at;
  const [found, brace, name] = VARIABLE.exec(line) ?? [];
  if (found === undefined || name === undefined)
    return { reason: "After $ the name of a variable must follow; \\$ is a dollar sign", at };
  const value = variables(name);
  let end = at + found.length;
  if (brace === undefined) return { name, value, isList: false, end };
  const isList = line.startsWith("[*]", end);
  if (isList) end += "[*]".length;
  const close = line.indexOf("}", end);
  if (close < 0 || (close > end && line[end] !== "-")) return { reason: "The brace of the variable is not closed", at };
  const fallback = close > end ? line.slice(end + 1, close) : undefined;
  return { name, value: value ?? fallback, isList, end: close + 1 };
}
