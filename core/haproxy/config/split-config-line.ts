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
  const words: string[] = [];
  const unset: string[] = [];
  let word: string | undefined;
  let quote: { readonly sign: string; readonly at: number; readonly before: string | undefined } | undefined;

  for (let at = 0; at < line.length; ) {
    const character = line[at] as string;
    const isQuote = character === '"' || character === "'";
    if (isQuote && (quote === undefined || quote.sign === character)) {
      quote = quote === undefined ? { sign: character, at, before: word } : undefined;
      // Quotes make a word of nothing.
      word ??= "";
      at++;
    } else if (quote?.sign === "'") {
      word += character;
      at++;
    } else if (character === "\\") {
      const escaped = readEscape(line, at, quote !== undefined);
      if (escaped === undefined) return { reason: "\\x must be followed by two hexadecimal digits", at };
      word = (word ?? "") + escaped.text;
      at = escaped.end;
    } else if (quote === undefined && (character === "#" || SPACE.test(character))) {
      if (word !== undefined) words.push(word);
      word = undefined;
      if (character === "#") break;
      at++;
    } else if (quote !== undefined && character === "$") {
      const variable = readVariable(line, at, variables);
      if ("reason" in variable) return variable;
      if (variable.value === undefined && !variable.isList) unset.push(variable.name);
      const [first, ...others] = variable.isList ? listOf(variable.value) : [variable.value ?? ""];
      // A list of nothing leaves no word behind, though it stands in quotes.
      if (first === undefined) word = word === "" ? quote.before : word;
      else word = (word ?? "") + first;
      for (const other of others) {
        words.push(word as string);
        word = other;
      }
      at = variable.end;
    } else {
      word = (word ?? "") + character;
      at++;
    }
  }
  if (quote !== undefined) return { reason: "The quote is not closed on this line", at: quote.at };
  if (word !== undefined) words.push(word);
  return { words, unset };
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

const listOf = (value: string | undefined): string[] => (value ?? "").split(/\s+/).filter((word) => word !== "");
