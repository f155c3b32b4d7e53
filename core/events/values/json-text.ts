/*
 * Finds parts of JSON text without changing them. A value must come back byte for byte (1e400, 40-digit integers, the
 * order of keys), which no parse and print keeps. Every function here trusts that JSON.parse has accepted the text.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

function skipSpace(text: string, at: number): number {
  let position = at;
  while (isSpace(text.charCodeAt(position))) position++;
  return position;
}

/** The index after the string that starts at `at`. */
function endOfString(text: string, at: number): number {
  for (let quote = text.indexOf('"', at + 1); ; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
}

/** The index after the value that starts at `at`. */
function endOfValue(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === QUOTE) return endOfString(text, at);
  let position = at;
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) {
    for (; position < text.length; position++) {
      const code = text.charCodeAt(position);
      if (code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || isSpace(code)) break;
    }
    return position;
  }
  let depth = 0;
  for (;;) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) {
      position = endOfString(text, position);
      continue;
    }
    position++;
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) return position;
  }
}

/** The same JSON without whitespace between its tokens. */
export function compactJson(text: string): string {
  let compact = "";
  let from = 0;
  for (let position = 0; position < text.length; ) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) position = endOfString(text, position);
    else if (isSpace(code)) {
      compact += text.slice(from, position);
      position = skipSpace(text, position);
      from = position;
    } else position++;
  }
  return from === 0 ? text : compact + text.slice(from);
}

/**
 * The text of the value that the object in `text` has under `key`, compact; undefined if it has none. Of a repeated key
 * the last one counts, as in JSON.parse.
 */
export function memberText(text: string, key: string): string | undefined {
  let found: string | undefined;
  let position = skipSpace(text, skipSpace(text, 0) + 1);
  while (text.charCodeAt(position) === QUOTE) {
    const endOfKey = endOfString(text, position);
    const isWanted = keyEquals(text, position, endOfKey, key);
    const start = skipSpace(text, skipSpace(text, endOfKey) + 1);
    const end = endOfValue(text, start);
    if (isWanted) found = compactJson(text.slice(start, end));
    position = skipSpace(text, end);
    if (text.charCodeAt(position) === COMMA) position = skipSpace(text, position + 1);
  }
  return found;
}

/** A key that is written with escapes is read as JSON, any other compared as it stands. */
function keyEquals(text: string, start: number, end: number, key: string): boolean {
  const written = text.slice(start + 1, end - 1);
  return written.includes("\\") ? JSON.parse(text.slice(start, end)) === key : written === key;
}

/** The texts of the elements of the array that starts at or after `at`, each as it stands. */
export function scanElements(text: string, at: number): string[] {
  const elements: string[] = [];
  let position = skipSpace(text, skipSpace(text, at) + 1);
  while (position < text.length && text.charCodeAt(position) !== CLOSE_BRACKET) {
    const end = endOfValue(text, position);
    elements.push(text.slice(position, end));
    position = skipSpace(text, end);
    if (text.charCodeAt(position) === COMMA) position = skipSpace(text, position + 1);
  }
  return elements;
}
