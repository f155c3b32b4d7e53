import type { JsonMember, LogField, LogFormatPart } from "#core/haproxy/log-format/log-format.ts";

/*
 * `%{+json}o`: HAProxy writes `{"name": value, "name": value}` of the items that have a
 * name, and leaves the rest of the format out.
 */

/** What is printed, and what it says. Fields come under their own names, in the order of the format. */
export function partsOfEncoded(fields: readonly LogField[]): {
  readonly parts: readonly LogFormatPart[];
  readonly members: readonly JsonMember[];
} {
  const parts: LogFormatPart[] = [];
  const members: JsonMember[] = [];
  fields.forEach((field, index) => {
    parts.push({ literal: `${index === 0 ? "{" : ", "}"${field.name}": ` }, field);
    members.push({ path: [field.name], quoted: false, parts: [field] });
  });
  parts.push({ literal: fields.length === 0 ? "{}" : "}" });
  return { parts, members };
}
