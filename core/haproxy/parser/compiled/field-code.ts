import type { ValueKind } from "#core/haproxy/log-format/log-format.ts";
import type { LineTemplate, TemplateField } from "#core/haproxy/parser/line-template.ts";

/*
 * The code that reads the fields of a template one after the other: `p` is where it is in `text` and in `bytes`, which are
 * the same (reading a byte takes half as long as a character), `end` where the message ends, `q`, `c` and `n` are for passing use. Whatever is not as it is in most lines ends in `return undefined`.
 */

/** Statements, and the expressions that hold each field's value behind them. */
export interface FieldsCode {
  readonly statements: string;
  readonly values: readonly string[];
  /** Words with nothing but literals between them. */
  readonly runs: readonly (readonly TemplateField[])[];
  /** What the record is told besides, where the format has it. */
  readonly time?: string;
  readonly ft?: { readonly frontend: string; readonly tls: string };
  readonly request?: string;
  readonly headers?: string;
  readonly responseHeaders?: string;
}

const COMPILED_KINDS: ReadonlySet<ValueKind> = new Set<ValueKind>([
  "number",
  "port",
  "date",
  "ip",
  "state",
  "word",
  "hex",
  "request",
  "headers",
]);

/** Whether a line of the template can be read by such code. */
export function canCompile(template: LineTemplate): boolean {
  const { format, fields } = template;
  const howMany = (kind: ValueKind): number => fields.filter(({ field }) => field.value.kind === kind).length;
  if (format.shape !== "text" || howMany("date") !== 1 || howMany("request") > 1) return false;
  return fields.every((_, index) => canCompileField(template, index));
}

function canCompileField(template: LineTemplate, index: number): boolean {
  const { field, before, vanishes } = template.fields[index] as TemplateField;
  const { kind, quoted } = field.value;
  const next = literalAfter(template, index);
  if (index > 0 && before === "") return false;
  if (isCookie(template, index)) return next === " " && before.endsWith(" ");
  if (!COMPILED_KINDS.has(kind) || field.value.escape !== "none") return false;
  if (PARTS_OF_REQUEST.test(field.expression?.keyword ?? "")) return false;
  if (kind === "ip")
    return next === ":" && nextKind(template, index) === "port" && literalAfter(template, index + 1).startsWith(" ");
  if (kind === "request") return quoted && field.alias === "r";
  if (kind === "word") return !quoted && field.alias !== "listener";
  return !quoted && (!vanishes || (before === " " && next.startsWith(" ")));
}

/** Samples from which the matcher puts a request together. */
const PARTS_OF_REQUEST = /^(?:capture\.req\.|method$)/;

/** A captured cookie, which most requests do not have. */
const isCookie = ({ fields }: LineTemplate, index: number): boolean => {
  const { field } = fields[index] as TemplateField;
  return (field.alias === "CC" || field.alias === "CS") && !field.value.quoted;
};

const literalAfter = ({ fields, end }: LineTemplate, index: number): string => fields[index + 1]?.before ?? end;
const nextKind = ({ fields }: LineTemplate, index: number): ValueKind | undefined =>
  fields[index + 1]?.field.value.kind;

export function codeOfFields(template: LineTemplate): FieldsCode {
  const { fields, end } = template;
  const values: string[] = [];
  const runs: TemplateField[][] = [];
  const code: string[] = ['const isPlain = text.indexOf("#", p) < 0;', "let quote = -2, pluses;"];
  for (let index = 0; index < fields.length; index++) {
    const place = fields[index] as TemplateField;
    const hasVanishedBefore = fields[index - 1]?.vanishes === true;
    code.push(literalCode(place.before, hasVanishedBefore));
    const value = `v${index}`;
    if (place.field.value.kind === "word") {
      const run = wordsFrom(fields, index);
      code.push(
        runCode(
          runs.length,
          run.map((_, word) => literalAfter(template, index + word)),
        ),
      );
      for (const word of run.keys()) values.push(`run${runs.length}.words[${word}]`);
      index += run.length - 1;
      runs.push(run);
      continue;
    }
    values.push(value);
    code.push(valueCode(template, index, value));
  }
  code.push(literalCode(end, fields.at(-1)?.vanishes === true), "if (p !== end) return undefined;");
  return { statements: code.join("\n"), values, runs, ...specials(fields, values) };
}

/** The words from `index` on that have nothing else between them. */
function wordsFrom(fields: readonly TemplateField[], index: number): TemplateField[] {
  const end = fields.findIndex(({ field }, at) => at > index && field.value.kind !== "word");
  return fields.slice(index, end < 0 ? fields.length : end);
}

const FAIL = "return undefined;";

/** Passes a literal. After something that was not printed, its space was not printed either. */
function literalCode(literal: string, mayDropSpace: boolean): string {
  if (literal === "") return "";
  if (!mayDropSpace) return `if (${isAt(literal, "p")}) p += ${literal.length}; else ${FAIL}`;
  return `if (hasVanished) { if (!(${isAt(literal.slice(1), "p")})) ${FAIL} p += ${literal.length - 1}; }
    else if (${isAt(literal, "p")}) p += ${literal.length}; else ${FAIL}`;
}

/** Comparing codes is cheaper than \`startsWith\` for as few characters as literals have. */
export const isAt = (literal: string, at: string): string =>
  literal === ""
    ? "true"
    : [...literal].map((character, index) => `bytes[${at} + ${index}] === ${character.charCodeAt(0)}`).join(" && ");

function valueCode(template: LineTemplate, index: number, value: string): string {
  const { field } = template.fields[index] as TemplateField;
  if (isCookie(template, index)) return cookieCode(value);
  switch (field.value.kind) {
    case "number":
      return field.alias === "ST" ? numberCode(value, 3, "minus") : numberCode(value, 15, index);
    case "port":
      return numberCode(value, 9, "no sign");
    case "date":
      return `const timeMs = clock.instantAt(text, bytes, p, context);
        if (timeMs === undefined) ${FAIL}
        const ${value} = text.slice(p, p + 24);
        p += 24;`;
    case "ip":
      return `q = p;
        for (c = bytes[p]; (c >= 48 && c <= 57) || c === 46; ) c = bytes[++p];
        if (c !== 58 || p - q < 7 || p - q > 15) p = endOfShape(shapes[${index}], text, q);
        if (p < 0) ${FAIL}
        const ${value} = text.slice(q, p);`;
    case "state":
      return stateCode(value, field.alias === "tsc" ? 4 : 2);
    case "hex":
      return `q = p;
        for (c = bytes[p]; (c >= 48 && c <= 57) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102); ) c = bytes[++p];
        if (p === q) ${FAIL}
        const ${value} = text.slice(q, p);`;
    case "request":
      return `q = text.indexOf('"', p);
        if (q < 0 || (q === p + 1 && bytes[p] === 45)) ${FAIL}
        const requestAt = p, requestEnd = q;
        const ${value} = text.slice(p, q);
        p = q;`;
    default:
      return headersCode(value);
  }
}

/** Digits, after a sign perhaps. That a field, known by its place, has a plus is noted in `pluses`. */
function numberCode(value: string, maxDigits: number, sign: number | "minus" | "no sign"): string {
  const minus = "isNegative = c === 45; if (isNegative) c = bytes[++p];";
  const plus = `if (c === 43) { pluses = pluses === undefined ? [${sign}] : [...pluses, ${sign}]; c = bytes[++p]; }`;
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

/** HAProxy encodes braces and quotes within: where one stands, the line is not what it seems. */
const headersCode = (value: string): string => `
  let ${value};
  if (quote < p) quote = text.indexOf('"', p);
  hasVanished = bytes[p] !== 123;
  if (!hasVanished) {
    q = text.indexOf("}", p);
    n = text.indexOf("{", p + 1);
    if (q < 0 || (n >= 0 && n < q) || (quote >= 0 && quote < q)) ${FAIL}
    ${value} = splitBlock(text, p + 1, q);
    p = q + 1;
  }`;

/** Goes over the words by what stands behind each. */
function runCode(run: number, literals: readonly string[]): string {
  const passes = literals.map((literal, index) => {
    const from = index === 0 ? "p" : `q + ${literals[index - 1]?.length}`;
    if (literal === "") return "q = end;";
    return `q = text.indexOf(${JSON.stringify(literal)}, ${from}); if (q < 0) ${FAIL}`;
  });
  return `${passes.join("\n")}
    const run${run} = runs${run}.take(text, bytes, p, q);
    if (run${run} === undefined) ${FAIL}
    p = q;`;
}

/** What the record is told of the fields besides. */
function specials(fields: readonly TemplateField[], values: readonly string[]) {
  const valueOfAlias = (...aliases: string[]): string | undefined =>
    values[fields.findIndex(({ field }) => field.alias !== undefined && aliases.includes(field.alias))];
  const ft = valueOfAlias("ft");
  const request = valueOfAlias("r");
  const headers = valueOfAlias("hr");
  const responseHeaders = valueOfAlias("hs");
  return {
    ...(fields.some(({ field }) => field.value.kind === "date") && { time: "timeMs" }),
    ...(ft !== undefined && { ft: frontendOf(ft) }),
    ...(request !== undefined && { request }),
    ...(headers !== undefined && { headers }),
    ...(responseHeaders !== undefined && { responseHeaders }),
  };
}

/** Of a run that begins with it, both are worked out already. */
function frontendOf(ft: string): { frontend: string; tls: string } {
  const first = /^(run\d+)\.words\[0\]$/.exec(ft)?.[1];
  if (first !== undefined) return { frontend: `${first}.frontend`, tls: `${first}.tls` };
  return { frontend: `(${ft}.endsWith("~") ? ${ft}.slice(0, -1) : ${ft})`, tls: `${ft}.endsWith("~")` };
}
