/**
 * How the value of a field is delimited and read.
 * - `number`: digits, after `-` (a phase that was not reached) or `+` (counted before the end, or a redispatch);
 * - `address`: IPv4, IPv6, or `unix`; the colon before its port is the last one;
 * - `word`: a name, without spaces, quotes or slashes;
 * - `date`: `22/Nov/2026:01:22:46.321`, the gateway's local time;
 * - `headers`: `{a|b}`, encoded by HAProxy; nothing at all when it captured none;
 * - `encoded`: quoted by the template, quotes within it encoded by HAProxy;
 * - `raw`: what a client or server sent, not encoded at all;
 * - `rest`: everything up to the end of the template.
 */
export type FieldKind = "number" | "address" | "word" | "date" | "headers" | "encoded" | "raw" | "rest";

export interface TemplateField {
  readonly name: string;
  readonly kind: FieldKind;
  /** What stands between the value before and this one. */
  readonly before: string;
}

/** A log-format as the matchers need it. */
export interface LogTemplate {
  readonly name: string;
  readonly fields: readonly TemplateField[];
  /** What follows the last value. */
  readonly end: string;
  /** The one run of `raw` fields: its first, and the one after its last. Both are 0 when there is none. */
  readonly rawFrom: number;
  readonly rawTo: number;
}

const KINDS: Readonly<Partial<Record<string, FieldKind>>> = {
  ci: "address",
  fi: "address",
  CC: "raw",
  CS: "raw",
  hr: "headers",
  hs: "headers",
  r: "encoded",
  t: "date",
  tr: "date",
  message: "rest",
};

const NUMBERS: ReadonlySet<string> = new Set(
  "cp fp ST B TR Tq Tw Tc Tr Ta Tt ac fc bc sc rc sq bq fc_err ssl_c_err ssl_c_ca_err ssl_fc_is_resumed".split(" "),
);

/** A variable (`%ci`, `%{+Q}r`), or a sample expression, named by its fetch without converters: `%[ssl_fc_err,hex]`. */
const VARIABLE = /%(?:\{([^}]*)\})?(?:([A-Za-z]+)|\[(\w+)[^\]]*\])/g;

/** Reads a log-format in HAProxy's own notation. Throws where the format is one that the matchers cannot take apart. */
export function logTemplate(name: string, format: string): LogTemplate {
  const fields: TemplateField[] = [];
  let literal = "";
  let at = 0;
  for (const variable of format.matchAll(VARIABLE)) {
    const quote = variable[1]?.includes("+Q") ? '"' : "";
    const field = (variable[2] ?? variable[3]) as string;
    const before = literal + format.slice(at, variable.index) + quote;
    if (before === "" && fields.length > 0)
      throw new Error(`${name}: nothing separates %${field} from what precedes it`);
    fields.push({ name: field, kind: KINDS[field] ?? (NUMBERS.has(field) ? "number" : "word"), before });
    literal = quote;
    at = variable.index + variable[0].length;
  }
  const rawFrom = Math.max(
    fields.findIndex((field) => field.kind === "raw"),
    0,
  );
  const rawTo = fields.findLastIndex((field) => field.kind === "raw") + 1;
  if (rawTo - rawFrom > 2 || fields.slice(rawFrom, rawTo).some((field) => field.kind !== "raw"))
    throw new Error(`${name}: more unencoded fields than can be told apart`);
  return { name, fields, end: literal + format.slice(at), rawFrom, rawTo };
}
