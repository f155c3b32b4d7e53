import { fieldsOf, isField, type JsonMember, type LogField, type LogFormat } from "#core/haproxy/log-format.ts";

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
  readonly prefixItems?: readonly JsonSchema[];
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

/** Fields that HAProxy prints with a `+` when they are counted before the end, or a redispatch. */
const WITH_PLUS: ReadonlySet<string> = new Set(["Ta", "Tt", "Tu", "B", "rc"]);

/** A schema of the `fields` of a record that a whole line of this format makes. */
export function recordSchema(format: LogFormat): JsonSchema {
  const schema = format.members === undefined ? schemaOfFields(fieldsOf(format)) : schemaOfMembers(format.members);
  return { $schema: DIALECT, title: format.name, description: format.text, ...schema };
}

function schemaOfFields(fields: readonly LogField[]): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const field of fields) {
    properties[field.name] = schemaOfValue(field);
    if (hasPlus(field)) properties[`${field.name}_plus`] = { const: true };
    if (!isHeaders(field)) required.push(field.name);
  }
  return { type: "object", properties, required, additionalProperties: false };
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

/** Members by the first step of their paths, from the given depth on. */
function schemaOfMembers(members: readonly JsonMember[], depth = 0): JsonSchema {
  const groups = Map.groupBy(members, ({ path }) => path[depth] as string | number);
  const schemas = [...groups].map(([step, group]): [string | number, JsonSchema] => {
    const leaf = group.find(({ path }) => path.length === depth + 1);
    return [step, leaf === undefined ? schemaOfMembers(group, depth + 1) : schemaOfMember(leaf)];
  });
  if (schemas.length > 0 && schemas.every(([step]) => typeof step === "number"))
    return { type: "array", prefixItems: schemas.map(([, schema]) => schema) };
  return {
    type: "object",
    properties: Object.fromEntries(schemas),
    required: schemas.map(([step]) => String(step)),
    additionalProperties: depth === 0 && members.some(hasMemberWithPlus),
  };
}

/** Beside a member that is printed with a `+` stands another that says so. */
const hasMemberWithPlus = ({ parts }: JsonMember): boolean => parts.some((part) => isField(part) && hasPlus(part));

function schemaOfMember({ quoted, parts }: JsonMember): JsonSchema {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && isField(only)) {
    if (isHeaders(only)) return HEADERS;
    return quoted ? TEXT : schemaOfValue(only);
  }
  return quoted ? TEXT : { type: ["number", "boolean", "null"] };
}
