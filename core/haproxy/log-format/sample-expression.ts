import { LogFormatError } from "#core/haproxy/log-format/log-format-error.ts";

/** A converter of a sample expression: `hex`, `json(utf8s)`. */
export interface SampleConverter {
  readonly name: string;
  /** As written between its parentheses. */
  readonly args?: string;
}

/** What stands in `%[…]`. */
export interface SampleExpression {
  /** The whole of it, as written. */
  readonly text: string;
  /** The fetch with its arguments: `capture.req.hdr(0)`. */
  readonly fetch: string;
  /** The fetch without its arguments: `capture.req.hdr`. */
  readonly keyword: string;
  readonly converters: readonly SampleConverter[];
}

interface Call {
  readonly name: string;
  readonly args?: string;
  readonly end: number;
}

const KEYWORD = /[\w.+:-]+/y;

/** Reads the expression that starts at `start`; answers with where it ends, which is the place of its `]`. */
export function readSampleExpression(text: string, start: number): { expression: SampleExpression; end: number } {
  const fetch = readCall(text, start, "a sample fetch");
  const converters: SampleConverter[] = [];
  let at = fetch.end;
  while (text[at] === ",") {
    // HAProxy tolerates empty places between commas.
    while (text[at] === ",") at++;
    const { name, args, end } = readCall(text, at, "a converter");
    converters.push(args === undefined ? { name } : { name, args });
    at = end;
  }
  if (at >= text.length) throw new LogFormatError("The sample expression has no ]", text, start - "%[".length);
  if (text[at] !== "]") throw new LogFormatError("A comma or ] must follow here", text, at);
  const expression = {
    text: text.slice(start, at),
    fetch: text.slice(start, fetch.end),
    keyword: fetch.name,
    converters,
  };
  return { expression, end: at };
}

function readCall(text: string, at: number, what: string): Call {
  KEYWORD.lastIndex = at;
  const name = KEYWORD.exec(text)?.[0];
  if (name === undefined) throw new LogFormatError(`The name of ${what} must stand here`, text, at);
  const open = at + name.length;
  if (text[open] !== "(") return { name, end: open };
  const close = endOfArguments(text, open);
  return { name, args: text.slice(open + 1, close), end: close + 1 };
}

/** What a backslash protects within arguments: not a parenthesis. */
const PROTECTED: ReadonlySet<string | undefined> = new Set(["\\", " ", '"', "'"]);

/** Arguments have quotes and backslashes of their own; outside quotes, the first parenthesis closes. */
function endOfArguments(text: string, open: number): number {
  let quote = "";
  for (let at = open + 1; at < text.length; at++) {
    const character = text[at] as string;
    if (character === "\\" && quote !== "'" && PROTECTED.has(text[at + 1])) at++;
    else if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === ")") return at;
  }
  throw new LogFormatError("The arguments have no closing parenthesis", text, open);
}
