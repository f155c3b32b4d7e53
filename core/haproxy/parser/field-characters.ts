import type { PrintedValue, ValueKind } from "#core/haproxy/log-format/log-format.ts";

/*
 * Which characters values are made of, in a line as bytes, one character each. What a client sent is printable ASCII
 * where HAProxy encodes it, and anything where it does not.
 */

const CHARACTERS: Readonly<Record<ValueKind, string>> = {
  number: "\\d+-",
  epoch: "\\d-",
  millisecond: "\\d-",
  port: "\\d-",
  hex: "\\dA-Fa-f-",
  date: "\\w/:.",
  "date-gmt": "\\w/:+ -",
  "date-zone": "\\w/:+ -",
  ip: "\\da-fA-Funix.:-",
  state: "A-Za-z-",
  word: "!#-~",
  encoded: "!#-~",
  request: " !#-~",
  headers: " !#-~",
  "header-list": " !#-z~",
  text: "\\s\\S",
  json: "\\s\\S",
  rest: "\\s\\S",
};

/** As within a regular expression's brackets. */
export const charactersOf = ({ kind, characters }: PrintedValue): string => characters ?? CHARACTERS[kind];

const expressions = new Map<string, RegExp>();

/** Matches one character of the value. */
export function oneOf(value: PrintedValue): RegExp {
  const characters = charactersOf(value);
  let expression = expressions.get(characters);
  if (expression === undefined) {
    expression = new RegExp(`^[${characters}]$`);
    expressions.set(characters, expression);
  }
  return expression;
}

/** What `escape` puts a backslash before. */
const ESCAPED: Readonly<Record<PrintedValue["escape"], string>> = { none: "", backslash: '"]', json: '"' };

/** Whether this text, all of it, can stand in a value. */
export function canHold(value: PrintedValue, text: string): boolean {
  if (text !== "" && ESCAPED[value.escape].includes(text[0] as string)) return false;
  const expression = oneOf(value);
  return [...text].every((character) => expression.test(character));
}

/** Of values with a shape of their own: what can stand in them after the first character. */
const CONTINUED: Readonly<Partial<Record<ValueKind, RegExp>>> = {
  number: /^\d/,
  epoch: /^\d/,
  millisecond: /^\d/,
  port: /^\d/,
  hex: /^[\dA-Fa-f]/,
  ip: /^[\da-fA-F.:]/,
};

/** Whether this text can be what a value goes on with, as far as its first character says. */
export const canContinue = ({ kind }: PrintedValue, text: string): boolean => CONTINUED[kind]?.test(text) === true;

/** Whether a value surely ends where this text first stands behind it. */
export function endsBefore(value: PrintedValue, text: string): boolean {
  if (text === "") return false;
  const isShaped = CONTINUED[value.kind] !== undefined;
  return (isShaped && !canContinue(value, text)) || !canHold(value, text);
}
