import type { FieldKind } from "#core/events/types/event-types.ts";
import { isAlias, isFixedField, JSON_VALUE, valueOfAlias } from "#core/haproxy/log-format/aliases.ts";
import { partsOfEncoded } from "#core/haproxy/log-format/encoded-format.ts";
import { readJsonMembers } from "#core/haproxy/log-format/json-members.ts";
import {
  isField,
  type JsonMember,
  type LogField,
  type LogFormat,
  type LogFormatPart,
  type LogFormatRemark,
} from "#core/haproxy/log-format/log-format.ts";
import { LogFormatError } from "#core/haproxy/log-format/log-format-error.ts";
import { valueOfSample } from "#core/haproxy/log-format/samples.ts";
import { type FormatItem, type ItemType, scanLogFormat } from "#core/haproxy/log-format/scan-log-format.ts";

/**
 * Reads a log-format in HAProxy's own notation (configuration manual, section 8.2.6; flags and names up to 3.x, names
 * that were deprecated since 1.5 as well). Throws a LogFormatError that shows where, if the text is none.
 */
export const readLogFormat = (name: string, text: string): LogFormat => read(name, text, isAlias);

/** Reads the like of what HAProxy prints without a log-format; it may hold fields that no log-format can ask for. */
export const readFixedFormat = (name: string, text: string): LogFormat =>
  read(name, text, (alias) => isAlias(alias) || isFixedField(alias));

/** Literals become part of regular expressions, a character for each byte, which V8 refuses from some 30,000 on. */
const MAX_BYTES = 16_384;

function read(name: string, text: string, isKnown: (alias: string) => boolean): LogFormat {
  if (Buffer.byteLength(text) > MAX_BYTES)
    throw new LogFormatError(`a log-format of more than ${MAX_BYTES} bytes`, text, Math.min(text.length, MAX_BYTES));
  const { items, isJson, remarks } = scanLogFormat(text, isKnown);
  if (isJson) {
    const { fields, unnamed } = encodedFields(items);
    return { name, text, shape: "json", ...partsOfEncoded(fields), remarks: [...remarks, ...unnamed] };
  }
  const parts = withOwnNames(items.map(partOf));
  const members = readJsonMembers(parts);
  if (members === undefined) return { name, text, shape: "text", parts, remarks };
  return { name, text, shape: "json", ...withKeys(parts, members), remarks };
}

function partOf(item: FormatItem): LogFormatPart {
  if ("literal" in item) return item;
  const { offset, flags } = item;
  if ("alias" in item) {
    const { alias } = item;
    return { name: alias, offset, alias, flags, ...valueOfAlias(alias, flags) };
  }
  const { expression, label } = item;
  return { name: label ?? expression.fetch, offset, expression, flags, ...valueOfSample(expression, flags) };
}

const LABEL_TYPES: Readonly<Partial<Record<ItemType, FieldKind>>> = { str: "keyword", sint: "long", bool: "boolean" };

const typeOfLabel = (type: ItemType | undefined): FieldKind | undefined => type && LABEL_TYPES[type];

/** The fields that `%{+json}o` prints, and remarks on those that it leaves out for want of a name. */
function encodedFields(items: readonly FormatItem[]): { fields: LogField[]; unnamed: LogFormatRemark[] } {
  const fields: LogField[] = [];
  const unnamed: LogFormatRemark[] = [];
  for (const item of items) {
    const field = partOf(item);
    if (!isField(field) || "literal" in item) continue;
    const { label, labelType } = item;
    if (label === undefined)
      unnamed.push({ offset: item.offset, says: `%{+json}o leaves ${field.name} out: it has no %(name)` });
    else fields.push({ ...field, name: label, value: JSON_VALUE, type: typeOfLabel(labelType) ?? field.type });
  }
  return { fields: withOwnNames(fields), unnamed };
}

/** What is printed a second time under one name gets a number: `ci`, `ci_2`. */
function withOwnNames<Part extends LogFormatPart>(parts: readonly Part[]): Part[] {
  const taken = new Set<string>();
  return parts.map((part) => {
    if (!isField(part)) return part;
    let { name } = part;
    for (let count = 2; taken.has(name); count++) name = `${part.name}_${count}`;
    taken.add(name);
    return { ...part, name };
  });
}

/** A field that is the whole value of a member is named by its key; between the format's quotes, it is text. */
function withKeys(
  parts: readonly LogFormatPart[],
  members: readonly JsonMember[],
): { parts: readonly LogFormatPart[]; members: readonly JsonMember[] } {
  const renamed = new Map<LogFormatPart, LogField>();
  for (const { path, quoted, parts: value } of members) {
    const [only] = value;
    if (value.length !== 1 || only === undefined || !isField(only)) continue;
    renamed.set(only, { ...only, name: path.join("."), type: quoted ? "keyword" : only.type });
  }
  const rename = (part: LogFormatPart): LogFormatPart => renamed.get(part) ?? part;
  return {
    parts: parts.map(rename),
    members: members.map((member) => ({ ...member, parts: member.parts.map(rename) })),
  };
}
