import { isAt, isCookie } from "#core/haproxy/parser/compiled/value-code.ts";
import type { LineTemplate, TemplateField } from "#core/haproxy/parser/line-template.ts";

/*
 * Makes the code that reads a template's fields and writes them as members of a JSON object at once. In that code `p`
 * is the place to read at, in `text` and in the page alike, and `o` the place to write at, behind them; `q`, `c` and
 * `n` hold what is needed for a moment. A line that the compiled reader would refuse ends it with `return 0`, one
 * that it cannot write with `return -1`. Where a line ends within a request or captured headers, it breaks off
 * reading, with that field in `cutIn` and the field's beginning in `cutFrom`.
 */

/** Statements, and what is found by them. */
export interface MembersCode {
  readonly statements: string;
  /** Words with nothing but literals between them, by their places in the template. */
  readonly runs: readonly { readonly from: number; readonly to: number }[];
  /** The fields that can have a plus sign, by the bits of `pluses`. */
  readonly signed: readonly number[];
}

const NO = "return 0;";
const UNKNOWN = "return -1;";

/** `names` are those that the fields have in the object. */
export function codeOfMembers(template: LineTemplate, names: readonly string[]): MembersCode {
  const { fields, end } = template;
  const runs: { from: number; to: number }[] = [];
  const signed: number[] = [];
  const code: string[] = [];
  const literalAfter = (index: number): string => fields[index + 1]?.before ?? end;
  for (let index = 0; index < fields.length; index++) {
    const place = fields[index] as TemplateField;
    code.push(passLiteral(place.before, fields[index - 1]?.vanishes === true));
    if (place.field.value.kind === "word") {
      const to = endOfWords(fields, index);
      const literals = fields.slice(index, to).map((_, word) => literalAfter(index + word));
      code.push(runCode(runs.length, literals));
      runs.push({ from: index, to });
      index = to - 1;
      continue;
    }
    const plus = signed.length;
    const written = memberCode(template, `,${JSON.stringify(names[index])}:`, index, plus);
    if (written.includes("pluses")) signed.push(index);
    code.push(written);
  }
  code.push(passLiteral(end, fields.at(-1)?.vanishes === true), `if (p !== end) ${NO}`);
  return { statements: code.join("\n"), runs, signed };
}

/** The words from `index` on that have nothing else between them. */
function endOfWords(fields: readonly TemplateField[], index: number): number {
  const end = fields.findIndex(({ field }, at) => at > index && field.value.kind !== "word");
  return end < 0 ? fields.length : end;
}

/** After something that was not printed, its space was not printed either. */
function passLiteral(literal: string, mayDropSpace: boolean): string {
  if (literal === "") return "";
  if (!mayDropSpace) return `if (${isAt(literal, "p")}) p += ${literal.length}; else ${NO}`;
  return `if (hasVanished) { if (!(${isAt(literal.slice(1), "p")})) ${NO} p += ${literal.length - 1}; }
    else if (${isAt(literal, "p")}) p += ${literal.length}; else ${NO}`;
}

/** Four characters at a time; what is written next takes the place of what is too many. */
function write(text: string): string {
  const words = Buffer.from(`${text}\0\0\0`, "latin1");
  const puts = Array.from({ length: Math.ceil(text.length / 4) }, (_, word) =>
    word * 4 === text.length - 1
      ? `bytes[o + ${word * 4}] = ${words[word * 4]};`
      : `view.setUint32(o + ${word * 4}, ${words.readUInt32LE(word * 4)}, true);`,
  );
  return `${puts.join(" ")} o += ${text.length};`;
}

function memberCode(template: LineTemplate, key: string, index: number, plus: number): string {
  const { field } = template.fields[index] as TemplateField;
  if (isCookie(template, index)) return cookieCode(key);
  switch (field.value.kind) {
    case "number":
      return field.alias === "ST" ? numberCode(key, 3, "status") : numberCode(key, 15, plus);
    case "port":
      return numberCode(key, 9, "no sign");
    case "date":
      return `findings.timeMs = clock.instantAt(text, bytes, p, context);
        if (findings.timeMs === undefined) ${NO}
        ${write(`${key}"`)}
        o = page.copy(p, p + 24, o);
        p += 24;
        ${write('"')}`;
    case "ip":
      return `q = p;
        for (c = bytes[p]; (c >= 48 && c <= 57) || c === 46; ) c = bytes[++p];
        if (c !== 58 || p - q < 7 || p - q > 15) p = endOfShape(shapes[${index}], text, q);
        if (p < 0) ${NO}
        ${write(`${key}"`)}
        o = page.copy(q, p, o);
        ${write('"')}`;
    case "state":
      return stateCode(key, field.alias === "tsc" ? 4 : 2);
    case "hex":
      return `${write(`${key}"`)}
        q = p;
        for (c = bytes[p]; (c >= 48 && c <= 57) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102); c = bytes[++p]) bytes[o++] = c;
        if (p === q) ${NO}
        ${write('"')}`;
    case "request":
      return requestCode(key, index);
    default:
      return headersCode(key, index, field.alias);
  }
}

/** Digits are copied as they stand. `007` and `-0` are no JSON, and left to others. */
function numberCode(key: string, maxDigits: number, sign: number | "status" | "no sign"): string {
  const minus = "isNegative = c === 45; if (isNegative) { bytes[o++] = 45; c = bytes[++p]; }";
  const plus = `if (c === 43) { pluses |= ${typeof sign === "number" ? 1 << sign : 0}; c = bytes[++p]; }`;
  const zero = sign === "no sign" ? "p - q > 1" : "(p - q > 1 || isNegative)";
  return `
    ${write(key)}
    c = bytes[p];
    ${sign === "no sign" ? "" : minus}
    ${typeof sign === "number" ? plus : ""}
    q = p;
    ${sign === "status" ? "n = 0;" : ""}
    for (; c >= 48 && c <= 57; c = bytes[++p]) { bytes[o++] = c; ${sign === "status" ? "n = n * 10 + (c - 48);" : ""} }
    if (p === q || p - q > ${maxDigits}) ${NO}
    if (bytes[q] === 48 && ${zero}) ${UNKNOWN}
    ${sign === "status" ? "findings.status = isNegative ? 0 : n;" : ""}`;
}

/** `-`, or what has no space in it. */
const cookieCode = (key: string): string => `
  if (bytes[p] === 45 && bytes[p + 1] === 32) { ${write(`${key}"-"`)} p++; }
  else {
    isOdd = false;
    for (q = p; ; p++) {
      while (STOPS_TEXT[bytes[p]] === 0) p++;
      if ((c = bytes[p]) === 32) break;
      if (p === end) ${UNKNOWN}
      isOdd = true;
    }
    if (p === q) ${UNKNOWN}
    ${write(`${key}"`)}
    ${copyFrom("q")}
    ${write('"')}
  }`;

/** What stands from there up to \`p\`. */
const copyFrom = (from: string): string =>
  `if (isOdd) { o = copyEscaped(page, ${from}, p, o); isPlain = isClean = false; } else o = page.copy(${from}, p, o);`;

/** Up to the quote behind it. */
const requestCode = (key: string, index: number): string => `
  isOdd = false;
  for (q = p; ; p++) {
    while (STOPS_REQUEST[bytes[p]] === 0) p++;
    if ((c = bytes[p]) === 34) break;
    if (c === 35) isPlain = false;
    else if (p !== end) isOdd = true;
    else {
      if (!beginnings[${index}].test(text.slice(q, end))) ${UNKNOWN}
      ${cutCode(index, "q")}
    }
  }
  if (p === q + 1 && bytes[q] === 45) ${NO}
  requestAt = q; requestEnd = p;
  ${write(`${key}"`)}
  ${copyFrom("q")}
  ${write('"')}`;

/** The line's end is to be escaped: the quote before a request is alone. */
const cutCode = (index: number, from: string): string =>
  `isClean = false; cutIn = ${index}; cutFrom = ${from}; break reading;`;

const stateCode = (key: string, length: number): string => `
  ${write(`${key}"`)}
  for (q = p + ${length}, c = bytes[p]; p < q && ((c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 45); c = bytes[++p])
    bytes[o++] = c;
  if (p !== q) ${NO}
  ${write('"')}`;

/** HAProxy encodes braces and quotes within: where one stands, the line is not what it seems. */
function headersCode(key: string, index: number, alias: string | undefined): string {
  const note = alias === "hr" ? notePlace("headers") : alias === "hs" ? notePlace("responseHeaders") : "";
  return `
  hasVanished = bytes[p] !== 123;
  blocks++;
  if (hasVanished) vanished++;
  else {
    ${write(key)}
    n = o;
    ${write('["')}
    isOdd = false;
    emptyAt = -1;
    headersAt = q = ++p;
    for (;;) {
      while (STOPS_HEADERS[c = bytes[p]] === 0) p++;
      if (c === 35) { isPlain = false; p++; continue; }
      if (c === 34 || c === 123) ${NO}
      if (c !== 124 && c !== 125) {
        if (p === end) { o = n - ${key.length}; ${cutCode(index, "headersAt - 1")} }
        isOdd = true;
        p++;
        continue;
      }
      if (p === q) emptyAt = emptyAt === -1 ? o - 1 : -2;
      ${copyFrom("q")}
      if (c === 125) break;
      ${write('","')}
      q = ++p;
    }
    ${write('"]')}
    ${note}
    p++;
  }`;
}

/** Where they are as printed, as written, and where the only empty one is written (-1: there is none, -2: several). */
const notePlace = (name: string): string =>
  `${name}From = headersAt; ${name}To = p; ${name}Written = n; ${name}WrittenTo = o; ${name}EmptyAt = emptyAt;`;

/** Goes over the words by what stands behind each. */
function runCode(run: number, literals: readonly string[]): string {
  const passes = literals.map((literal, index) => {
    const from = index === 0 ? "p" : `q + ${literals[index - 1]?.length}`;
    if (literal === "") return "q = end;";
    if (literal.length === 1)
      return `for (q = ${from}; q < end && bytes[q] !== ${literal.charCodeAt(0)}; ) q++; if (q === end) ${NO}`;
    return `q = text.indexOf(${JSON.stringify(literal)}, ${from}); if (q < 0) ${NO}`;
  });
  return `${passes.join("\n")}
    run${run} = memories[${run}].take(text, page, p, q);
    if (run${run} === undefined) ${NO}
    if (!run${run}.isClean) ${UNKNOWN}
    o = run${run}.members.writeTo(page, o);
    p = q;`;
}
