import { isField, type JsonMember, type LogField, type PrintedValue } from "#core/haproxy/log-format/log-format.ts";
import type { LineTemplate, PrintedValues, TemplateField } from "#core/haproxy/parser/line-template.ts";
import type { FieldValue } from "#core/haproxy/parser/record.ts";
import { latin1Of, textOf, unescapeBackslash, unescapeJson } from "#core/haproxy/parser/text.ts";

type Fields = Record<string, FieldValue>;

/** What a matcher found in a line, field by field. */
export interface ReadFields {
  readonly fields: Readonly<Fields>;
  /** By HAProxy's names, where the record has it under others. */
  readonly aliases?: Readonly<Fields>;
}

/** The fields of a record: those of the format, or the members of the JSON object that it is. */
export function readFields(template: LineTemplate, values: PrintedValues, isWhole: boolean): ReadFields {
  const { members } = template.format;
  if (members !== undefined) return readMembers(template, members, values, isWhole);
  const fields: Fields = {};
  template.fields.forEach((place, index) => {
    const printed = values[index];
    if (printed !== undefined) setValue(fields, place.field.name, place.field, printed);
    else if (isWhole && leavesGap(place)) fields[place.field.name] = null;
  });
  return { fields };
}

/** Nothing was printed where something else than a space sets the value apart: the line shows that it is missing. */
const leavesGap = ({ vanishes, before }: TemplateField): boolean => vanishes && before !== " " && before !== '" ';

/** A number with a plus sign is that number, and `X_plus` says so. */
function setValue(fields: Fields, name: string, field: LogField, printed: string): void {
  if (field.value.kind === "number" && printed.startsWith("+")) fields[`${name}_plus`] = true;
  fields[name] = readValue(field, printed);
}

function readValue(field: LogField, printed: string): FieldValue {
  switch (field.value.kind) {
    case "number":
    case "epoch":
    case "millisecond":
    case "port":
      return isDigit(printed.charCodeAt(0)) || /\d/.test(printed) ? Number(printed) : "-";
    case "headers":
    case "header-list":
      return headersOf(field, printed).map(textOf);
    case "json":
      return jsonValue(printed);
    default:
      return textOf(unescaped(field, printed));
  }
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** The value without what a backslash within means. */
export function unescaped({ value }: LogField, printed: string): string {
  if (value.escape === "none") return printed;
  return value.escape === "json" ? unescapeJson(printed) : unescapeBackslash(printed);
}

/** `{a||b}`: HAProxy encodes braces and bars within. */
const splitBlock = (block: string): string[] => block.slice(1, -1).split("|");

/**
 * `"a" "" "b"`: HAProxy encodes quotes within, where it puts some around. Without any, only one header may hold
 * spaces.
 */
function splitList(list: string, { quoted, count }: PrintedValue): string[] {
  if (quoted) return list.slice(1, -1).split('" "');
  return (count === 1 ? [list] : list.split(" ")).map((header) => (header === "-" ? "" : header));
}

/** The captured headers that were printed, as they were. */
export function headersOf(field: LogField, printed: string): string[] {
  const { value } = field;
  const block = value.quoted ? printed.slice(1, -1) : printed;
  const headers = value.kind === "header-list" ? splitList(printed, value) : splitBlock(block);
  return headers.map((header) => unescaped(field, header));
}

/** A value of `%{+json}o`. A string is read here: it may hold bytes that are no text. */
function jsonValue(printed: string): FieldValue {
  if (printed.startsWith('"')) return textOf(unescapeJson(printed.slice(1, -1)));
  if (printed.startsWith("[")) return jsonStrings(printed);
  if (printed === "true" || printed === "false") return printed === "true";
  if (printed === "null") return null;
  const number = Number(printed);
  return Number.isFinite(number) ? number : textOf(printed);
}

const JSON_STRING = /"((?:[^"\\]|\\.)*)"/gs;

/** `["a", "b"]`, as `%{+json}` prints captured headers. */
const jsonStrings = (printed: string): FieldValue =>
  [...printed.matchAll(JSON_STRING)].map(([, string]) => textOf(unescapeJson(string as string)));

/** The members of a JSON object by their paths. What a format puts in quotes is text, whatever it looks like. */
function readMembers(
  template: LineTemplate,
  members: readonly JsonMember[],
  values: PrintedValues,
  isWhole: boolean,
): ReadFields {
  const printed = new Map(template.fields.map(({ field }, index) => [field.name, values[index]]));
  const fields: Fields = {};
  const aliases: Fields = {};
  for (const { path, quoted, parts } of members) {
    const name = path.join(".");
    const [first] = parts;
    const only = parts.length === 1 && first !== undefined && isField(first) ? first : undefined;
    if (only === undefined) {
      const text = joined(parts, printed);
      if (text !== undefined) fields[name] = quoted ? textOf(text) : jsonValue(text);
      continue;
    }
    const value = printed.get(only.name);
    const isHeaders = only.value.kind === "headers" || only.value.kind === "header-list";
    if (value === undefined) {
      if (isHeaders && isWhole) fields[name] = null;
      continue;
    }
    if (quoted && !isHeaders) fields[name] = textOf(unescaped(only, value));
    else setValue(fields, name, only, value);
    if (only.alias !== undefined && only.alias !== name) setValue(aliases, only.alias, only, value);
  }
  return Object.keys(aliases).length === 0 ? { fields } : { fields, aliases };
}

/** What several parts make together; undefined where the line was cut before all were there. */
function joined(parts: JsonMember["parts"], printed: ReadonlyMap<string, string | undefined>): string | undefined {
  let text = "";
  for (const part of parts) {
    if (!isField(part)) {
      text += unescapeJson(latin1Of(part.literal));
      continue;
    }
    const value = printed.get(part.name);
    if (value === undefined) return undefined;
    text += unescaped(part, value);
  }
  return text;
}
