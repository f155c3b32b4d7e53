import type { DeclaredFields, FieldKind } from "#core/events/types/event-types.ts";
import type { Captures } from "#core/haproxy/config/haproxy-config.ts";
import { LOG_ALIASES } from "#core/haproxy/log-format/aliases.ts";
import {
  fieldsOf,
  isField,
  type JsonMember,
  type LogField,
  type LogFormat,
} from "#core/haproxy/log-format/log-format.ts";
import type { SampleExpression } from "#core/haproxy/log-format/sample-expression.ts";

const UNSAFE = /[^A-Za-z0-9_-]+/g;

/**
 * The name under which a field of a record is indexed: a dot would make OpenSearch build objects, and parentheses have
 * to be escaped in queries, so `capture.req.hdr(0)` is `capture_req_hdr_0`. HAProxy's own names stay as they are.
 */
export const indexNameOf = (name: string): string => name.replace(UNSAFE, "_").replace(/^_+|_+$/g, "") || "_";

/** The typed fields of a format's records, as an event type declares them. */
export function indexFields(format: LogFormat): DeclaredFields {
  const named = format.members === undefined ? fieldsOf(format).map(asTyped) : format.members.map(memberAsTyped);
  return Object.fromEntries(named.map(({ name, type }) => [indexNameOf(name), type]));
}

interface TypedField {
  readonly name: string;
  readonly type: FieldKind;
}

const asTyped = ({ name, type }: LogField): TypedField => ({ name, type });

/**
 * What its format quotes is text, whatever it looks like; a member that several parts make up (`%Ts.%ms`), a number.
 */
function memberAsTyped({ path, quoted, parts }: JsonMember): TypedField {
  const name = path.join(".");
  const [only] = parts;
  if (!quoted && parts.length === 1 && only !== undefined && isField(only)) return { name, type: only.type };
  const text = parts.map((part) => (isField(part) ? "0" : part.literal)).join("");
  if (!quoted && (text === "true" || text === "false")) return { name, type: "boolean" };
  return { name, type: quoted || text === "null" ? "keyword" : "double" };
}

/** A field in words. */
export interface DescribedField {
  readonly name: string;
  /** As the format asks for it: `%ci`, `%[ssl_fc_err,hex]`. */
  readonly asked: string;
  readonly type: FieldKind;
  readonly says: string;
  readonly offset: number;
}

/** The fields of a format for people, in the order of the line. */
export const describeFields = (format: LogFormat, captures?: Captures): DescribedField[] =>
  fieldsOf(format).map((field) => ({
    name: field.name,
    asked: askedAs(field),
    type: field.type,
    says: [meaningOf(field), capturedBy(field, captures), printedHow(field)].filter((part) => part !== "").join("; "),
    offset: field.offset,
  }));

/** As it stands in the format, without its flags. */
export const askedAs = ({ alias, expression, name }: LogField): string =>
  expression !== undefined ? `%[${expression.text}]` : `%${alias ?? name}`;

const FIXED_MEANINGS: Readonly<Record<string, string>> = {
  listener: "the bind line that took the connection",
  mode: "HTTP or TCP",
  message: "why the connection failed",
};

function meaningOf({ alias, expression }: LogField): string {
  if (alias !== undefined) return LOG_ALIASES[alias]?.meaning ?? (FIXED_MEANINGS[alias] as string);
  const converters = expression?.converters.map(({ name }) => name) ?? [];
  return `the sample ${expression?.fetch}${converters.length > 0 ? `, through ${converters.join(", ")}` : ""}`;
}

/** Which headers stand in the places of a block or list, or which cookie it is. */
function capturedBy({ alias, expression }: LogField, captures: Captures | undefined): string {
  if (captures === undefined) return "";
  if (alias === "CC" || alias === "CS") return captures.cookie ?? "";
  if (alias === "hr" || alias === "hrl") return captures.request.join(", ");
  if (alias === "hs" || alias === "hsl") return captures.response.join(", ");
  if (expression?.keyword === "capture.req.hdr") return captures.request[placeOf(expression)] ?? "";
  return expression?.keyword === "capture.res.hdr" ? (captures.response[placeOf(expression)] ?? "") : "";
}

/** The place that `capture.req.hdr(0)` asks for. */
const placeOf = ({ fetch, keyword }: SampleExpression): number => Number(fetch.slice(keyword.length + 1, -1));

/** What of its printing a reader of lines should know. */
function printedHow({ value }: LogField): string {
  if (value.kind === "hex") return "in hexadecimal";
  if (value.kind === "text" && value.escape === "none") return "printed as it came";
  return "";
}
