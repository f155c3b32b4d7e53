import type { ValueKind } from "#core/haproxy/log-format/log-format.ts";
import type { LineTemplate, TemplateField } from "#core/haproxy/parser/line-template.ts";

/*
 * The code for one value: it begins where `p` is, and leaves it behind the value. See field-code.ts for the other
 * names.
 */

export const FAIL = "return undefined;";

/** Comparing codes is cheaper than `startsWith` for as few characters as literals have. */
export const isAt = (literal: string, at: string): string =>
  literal === ""
    ? "true"
    : [...literal].map((character, index) => `bytes[${at} + ${index}] === ${character.charCodeAt(0)}`).join(" && ");

/** A captured cookie, which most requests do not have. */
export const isCookie = ({ fields }: LineTemplate, index: number): boolean => {
  const { field } = fields[index] as TemplateField;
  return (field.alias === "CC" || field.alias === "CS") && !field.value.quoted;
};

/**
 * Of every kind but words, which are read side by side. `atEnd` is what to do where the line ends before a request or
 * captured headers do: `p` is where these begin.
 */
export function valueCode(template: LineTemplate, index: number, value: string, atEnd: string): string {
  const { field } = template.fields[index] as TemplateField;
  if (isCookie(template, index)) return cookieCode(value);
  const code = CODE_OF_KINDS[field.value.kind];
  if (code !== undefined) return code(value, index, atEnd);
  if (field.value.kind === "state") return stateCode(value, field.alias === "tsc" ? 4 : 2);
  return field.alias === "ST" ? numberCode(value, 3, "minus") : numberCode(value, 15, index);
}

const CODE_OF_KINDS: Readonly<Partial<Record<ValueKind, (value: string, index: number, atEnd: string) => string>>> = {
  port: (value) => numberCode(value, 9, "no sign"),
  date: (value) => `
    const timeMs = clock.instantAt(text, bytes, p, context);
    if (timeMs === undefined) ${FAIL}
    const ${value} = text.slice(p, p + 24);
    p += 24;`,
  ip: (value, index) => `
    q = p;
    for (c = bytes[p]; (c >= 48 && c <= 57) || c === 46; ) c = bytes[++p];
    if (c !== 58 || p - q < 7 || p - q > 15) p = endOfShape(shapes[${index}], text, q);
    if (p < 0) ${FAIL}
    const ${value} = text.slice(q, p);`,
  hex: (value) => `
    q = p;
    for (c = bytes[p]; (c >= 48 && c <= 57) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102); ) c = bytes[++p];
    if (p === q) ${FAIL}
    const ${value} = text.slice(q, p);`,
  request: (value, _, atEnd) => `
    q = text.indexOf('"', p);
    if (q < 0) ${atEnd}
    if (q === p + 1 && bytes[p] === 45) ${FAIL}
    const requestAt = p, requestEnd = q;
    const ${value} = text.slice(p, q);
    p = q;`,
  headers: (value, _, atEnd) => `
    let ${value}, ${decodedOf(value)};
    hasVanished = bytes[p] !== 123;
    if (!hasVanished) {
      const block = readBlock(text, p + 1);
      if (quote < p) quote = text.indexOf('"', p);
      if (block === undefined) ${atEnd}
      if (quote >= 0 && quote < block.at) ${FAIL}
      ${value} = block.printed;
      ${decodedOf(value)} = block.decoded;
      p = block.at + 1;
    }`,
};

/** The name for what captured headers are decoded. */
export const decodedOf = (value: string): string => `${value}Decoded`;

/** Digits, after one sign perhaps. That a field, known by its place, has a plus is noted in `pluses`. */
function numberCode(value: string, maxDigits: number, sign: number | "minus" | "no sign"): string {
  const minus = "isNegative = c === 45; if (isNegative) c = bytes[++p];";
  const plus = `else if (c === 43) { pluses = pluses === undefined ? [${sign}] : [...pluses, ${sign}]; c = bytes[++p]; }`;
  return `
    c = bytes[p];
    ${sign === "no sign" ? "" : minus}
    ${typeof sign === "number" ? plus : ""}
    q = p;
    n = 0;
    for (; c >= 48 && c <= 57; c = bytes[++p]) n = n * 10 + (c - 48);
    if (p === q || p - q > ${maxDigits}) ${FAIL}
    const ${value} = ${sign === "no sign" ? "n" : "isNegative ? -n : n"};`;
}

/** `-`, or what has no space in it. */
const cookieCode = (value: string): string => `
  let ${value} = "-";
  if (bytes[p] === 45 && bytes[p + 1] === 32) p++;
  else {
    q = text.indexOf(" ", p);
    if (q <= p) ${FAIL}
    ${value} = text.slice(p, q);
    p = q;
  }`;

const NO_STATE = "-";

const stateCode = (value: string, length: number): string => `
  let ${value} = ${JSON.stringify(NO_STATE.repeat(length))};
  if (${isAt(NO_STATE.repeat(length), "p")}) p += ${length};
  else {
    for (q = p + ${length}, c = bytes[p]; p < q && ((c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 45); )
      c = bytes[++p];
    if (p !== q) ${FAIL}
    ${value} = text.slice(q - ${length}, q);
  }`;

/** Goes over words by what stands behind each; `h` becomes a hash of how they end, in which names differ most. */
export function runCode(run: number, literals: readonly string[]): string {
  const passes = literals.map((literal, index) => {
    const from = index === 0 ? "p" : `q + ${literals[index - 1]?.length}`;
    const find =
      literal === "" ? "q = end;" : `q = text.indexOf(${JSON.stringify(literal)}, ${from}); if (q < 0) ${FAIL}`;
    return `${find} h = (h * 31 + bytes[q - 1] + 7 * bytes[q - 2] + 3 * bytes[q - 3] + q - p) | 0;`;
  });
  return `h = 0; ${passes.join("\n")}
    const run${run} = runs${run}.take(text, bytes, p, q, h);
    if (run${run} === undefined) ${FAIL}
    p = q;`;
}
