import {
  type CompiledReader,
  compileReader,
  membersCode,
  returnCode,
} from "#core/haproxy/parser/compiled/compile-template.ts";
import { canCompile, codeOfFields, specialsOf } from "#core/haproxy/parser/compiled/field-code.ts";
import type { LineTemplate, TemplateField } from "#core/haproxy/parser/line-template.ts";

/**
 * Makes a function for lines of one format that end within the request or captured headers, which are what makes
 * lines long. What it reads it reads as the matcher does; it leaves to it all that end elsewhere. Undefined for
 * formats without such fields, or with fields of other kinds before.
 */
export function compileCutTemplate(template: LineTemplate): CompiledReader | undefined {
  const last = template.fields.findLastIndex(isLong);
  if (last < 0) return undefined;
  const known = {
    ...template,
    fields: template.fields.slice(0, last + 1),
    end: template.fields[last + 1]?.before ?? template.end,
  };
  if (!canCompile(known)) return undefined;
  const code = codeOfFields(known, (index, values) =>
    isLong(known.fields[index] as TemplateField) ? `{ ${cutRecordCode(known, index, values)} }` : "return undefined;",
  );
  return compileReader(template, code, "return undefined;");
}

const isLong = ({ field: { value } }: TemplateField): boolean => value.kind === "request" || value.kind === "headers";

/** The record of the values before the field of this index, and of this field what is there. */
function cutRecordCode(template: LineTemplate, index: number, values: readonly string[]): string {
  const before = template.fields.slice(0, index);
  const { request, headers, responseHeaders, ...special } = specialsOf(before, values);
  const name = JSON.stringify(template.fields[index]?.field.name);
  const always = before.flatMap(({ field, vanishes }, place) =>
    vanishes ? [] : [`${JSON.stringify(field.name)}: ${values[place]}`],
  );
  const perhaps = before.flatMap(({ field, vanishes }, place) =>
    vanishes ? [`if (${values[place]} !== undefined) fields[${JSON.stringify(field.name)}] = ${values[place]};`] : [],
  );
  return `
    const rest = text.slice(p, end);
    if (!beginnings[${index}].test(rest)) return undefined;
    const fields = { ${always.join(", ")} };
    ${perhaps.join("\n")}
    decoded = decodeRequest(${request ?? "{}"}, { request: ${headers}, response: ${responseHeaders} });
    ${returnCode(membersCode(template, special, `truncated: true, partial: { ${name}: rest }`))}`;
}
