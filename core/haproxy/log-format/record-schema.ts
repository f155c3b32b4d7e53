import {
  fieldsOf,
  isField,
  type JsonMember,
  type LogField,
  type LogFormat,
} from "#core/haproxy/log-format/log-format.ts";

/** JSON Schema, as far as records need it. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

const DIALECT = "https://json-schema.org/draft/2020-12/schema";
const STRING: JsonSchema = { type: "string" };
const INTEGER: JsonSchema = { type: "integer" };
/** What is not UTF-8 comes as Base64. */
const TEXT: JsonSchema = {
  anyOf: [STRING, { type: "object", properties: { b64: STRING }, required: ["b64"], additionalProperties: false }],
};
const HEADERS: JsonSchema = { anyOf: [{ type: "array", items: TEXT }, { type: "null" }] };
/** `-` stands where HAProxy had no number. */
const NUMBER_OR_DASH: JsonSchema = { anyOf: [INTEGER, { const: "-" }] };

/** What a format makes of several parts without quotes, `%Ts.%ms`; text where that is no number. */
const COMPOSED: JsonSchema = { type: ["number", "boolean", "null", "string"] };

/** Fields that HAProxy prints with a `+` when they are counted before the end, or a redispatch. */
const WITH_PLUS: ReadonlySet<string> = new Set(["Ta", "Tt", "Tu", "B", "rc"]);

/** A schema of the `fields` of a record that a whole line of this format makes. */
export function recordSchema(format: LogFormat): JsonSchema {
  const named = format.members === undefined ? fieldsOf(format).map(schemaOfField) : format.members.map(schemaOfMember);
  const properties: Record<string, JsonSchema> = {};
  for (const { name, schema, field } of named) {
    properties[name] = schema;
    if (field !== undefined && hasPlus(field)) properties[`${name}_plus`] = { const: true };
  }
  const required = named.flatMap(({ name, field }) => (field !== undefined && isHeaders(field) ? [] : [name]));
  const { name: title, text: description } = format;
  return { $schema: DIALECT, title, description, type: "object", properties, required, additionalProperties: false };
}

/** A property of a record, and the field that is all of it, if one is. */
interface NamedSchema {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly field?: LogField;
}

const schemaOfField = (field: LogField): NamedSchema => ({ name: field.name, schema: schemaOfValue(field), field });

/** Members of objects within are members of the record by their path: `who.ip`. */
function schemaOfMember({ path, quoted, parts }: JsonMember): NamedSchema {
  const name = path.join(".");
  const [only] = parts;
  if (parts.length !== 1 || only === undefined || !isField(only)) return { name, schema: quoted ? TEXT : COMPOSED };
  const schema = quoted && !isHeaders(only) ? TEXT : schemaOfValue(only);
  return { name, schema, ...(!quoted && { field: only }) };
}

const hasPlus = ({ alias, value }: LogField): boolean =>
  alias !== undefined && WITH_PLUS.has(alias) && value.kind === "number";

const isHeaders = ({ value }: LogField): boolean => value.kind === "headers" || value.kind === "header-list";

function schemaOfValue(field: LogField): JsonSchema {
  switch (field.value.kind) {
    case "epoch":
    case "millisecond":
      return INTEGER;
    case "number":
    case "port":
      return field.alias === undefined || field.value.kind === "port" ? NUMBER_OR_DASH : INTEGER;
    case "headers":
    case "header-list":
      return HEADERS;
    case "text":
    case "rest":
      return TEXT;
    case "json":
      return {};
    default:
      return STRING;
  }
}
