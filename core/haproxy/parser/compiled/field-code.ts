import type { ValueKind } from "#core/haproxy/log-format/log-format.ts";
import { FAIL, isAt, isCookie, runCode, valueCode } from "#core/haproxy/parser/compiled/value-code.ts";
import type { LineTemplate, TemplateField } from "#core/haproxy/parser/line-template.ts";

/*
 * Makes the code that reads a template's fields one after the other. In that code `p` is the place to read at, in
 * `text` and in `bytes` alike (a byte is read in half the time of a character), `end` is where the message ends,
 * `pluses` are the fields with a plus sign, `quote` is where the next quote stands; `q`, `c`, `n` and `h` hold what
 * is needed for a moment. A line that is not as most lines are ends it with `return undefined`.
 */

/** Statements, and the expressions that hold each field's value behind them. */
export interface FieldsCode {
  readonly statements: string;
  readonly values: readonly string[];
  /** Words with nothing but literals between them. */
  readonly runs: readonly (readonly TemplateField[])[];
}

/** The expressions for what the record is told besides, where the format has it. */
export interface SpecialsCode {
  readonly time?: string;
  readonly ft?: { readonly frontend: string; readonly tls: string };
  readonly request?: string;
  /** Each as printed, from which its `decodedOf` follows. */
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

const literalAfter = ({ fields, end }: LineTemplate, index: number): string => fields[index + 1]?.before ?? end;
const nextKind = ({ fields }: LineTemplate, index: number): ValueKind | undefined =>
  fields[index + 1]?.field.value.kind;

/** What a reader does where the line ends within the field of this index; `values` are those of all fields before. */
type EndCode = (index: number, values: readonly string[]) => string;

export function codeOfFields(template: LineTemplate, atEnd: EndCode = () => FAIL): FieldsCode {
  const { fields, end } = template;
  const values: string[] = [];
  const runs: TemplateField[][] = [];
  const code: string[] = [];
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
    code.push(valueCode(template, index, value, atEnd(index, values)));
    values.push(value);
  }
  code.push(literalCode(end, fields.at(-1)?.vanishes === true), "if (p !== end) return undefined;");
  return { statements: code.join("\n"), values, runs };
}

/** The words from `index` on that have nothing else between them. */
function wordsFrom(fields: readonly TemplateField[], index: number): TemplateField[] {
  const end = fields.findIndex(({ field }, at) => at > index && field.value.kind !== "word");
  return fields.slice(index, end < 0 ? fields.length : end);
}

/** Passes a literal. After something that was not printed, its space was not printed either. */
function literalCode(literal: string, mayDropSpace: boolean): string {
  if (literal === "") return "";
  if (!mayDropSpace) return `if (${isAt(literal, "p")}) p += ${literal.length}; else ${FAIL}`;
  return `if (hasVanished) { if (!(${isAt(literal.slice(1), "p")})) ${FAIL} p += ${literal.length - 1}; }
    else if (${isAt(literal, "p")}) p += ${literal.length}; else ${FAIL}`;
}

/** What the record is told of these fields besides. */
export function specialsOf(fields: readonly TemplateField[], values: readonly string[]): SpecialsCode {
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
