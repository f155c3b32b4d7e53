import type { LogField, ValueKind } from "#core/haproxy/log-format.ts";

/*
 * What HAProxy can have printed for a field, as expressions that are tried at one place only and can match there in one
 * way: none looks at a character more often than a fixed number of times.
 */

/** A frontend's or a server's name is far shorter. */
const LONGEST_WORD = 512;

/** The end of the value that starts where the expression is tried; undefined for a value that can hold what follows it. */
export function shapeOf(field: LogField, next: string, count: number | undefined): RegExp | undefined {
  const source = shapeSource(field, next, count);
  return source === undefined ? undefined : new RegExp(source, "sy");
}

/** Fields whose shape says more than their kind's: they tell one format from another. */
const ALIAS_SHAPES: Readonly<Partial<Record<string, string>>> = {
  ST: "-?\\d{1,3}",
  tsc: "[-A-Za-z]{4}",
  ts: "[-A-Za-z]{2}",
  mode: "[A-Z]+",
};

const QUOTED_TEXT = '[^"\\\\]*(?:\\\\.[^"\\\\]*)*';
const ADDRESS = "[\\da-fA-F.:]{2,45}";

function shapeSource({ alias, value }: LogField, next: string, count: number | undefined): string | undefined {
  const known = alias === undefined || value.kind === "json" ? undefined : ALIAS_SHAPES[alias];
  if (known !== undefined) return known;
  // Between quotes, of its own or of the format, a value can be nothing.
  const least = next.startsWith('"') || value.whenEmpty === "" ? 0 : 1;
  switch (value.kind) {
    case "number":
      return "[+-]?\\d{1,18}|-";
    case "epoch":
      return next === "" ? "\\d{1,18}(?=\\d{3}(?!\\d))" : "\\d{1,18}|-";
    case "millisecond":
      return "\\d{1,3}|-";
    case "port":
      return "\\d{1,9}|-";
    case "hex":
      return `[\\dA-Fa-f]{${least},}|-`;
    case "date":
      return "\\d\\d/[A-Z][a-z]{2}/\\d{4}:\\d\\d:\\d\\d:\\d\\d\\.\\d{3}";
    case "date-gmt":
    case "date-zone":
      return "\\d\\d/[A-Z][a-z]{2}/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4}";
    case "ip":
      return next.startsWith(":") ? `(?:unix|-|${ADDRESS})(?=:(?:\\d{1,9}|-)(?![\\da-fA-F.:]))` : `unix|-|${ADDRESS}`;
    case "state":
      return "[-A-Za-z]{2,4}";
    case "word":
      return upTo('[^ "]', `{${least},${LONGEST_WORD}}`, next);
    case "encoded":
      return /^[ "]/.test(next) || next === "" ? upTo('[^ "]', least === 0 ? "*" : "+", next) : undefined;
    case "request":
      return next.startsWith('"') || next === "" ? '[^"]*' : undefined;
    case "headers":
      return value.quoted ? '"\\{[^{}"]*\\}"' : '\\{[^{}"]*\\}';
    case "header-list":
      return value.quoted ? listOf(count) : undefined;
    case "text":
      return value.escape !== "none" && next.startsWith('"') ? QUOTED_TEXT : undefined;
    case "json":
      return `"${QUOTED_TEXT}"|-?\\d[\\d.eE+-]*|true|false|null`;
    case "rest":
      return undefined;
  }
}

const listOf = (count: number | undefined): string =>
  count === undefined ? '"[^"]*"(?: "[^"]*")*' : `"[^"]*"(?: "[^"]*"){${Math.max(count - 1, 0)}}`;

const upTo = (character: string, times: string, next: string): string =>
  next === "" ? character + times : `${character}${times}?(?=${next.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")})`;

const ANYTHING = /^/;

/** How a value can begin, for lines that were cut within it. A URI holds no space: HAProxy refuses one that does. */
const BEGINNINGS: Readonly<Record<ValueKind, RegExp>> = {
  number: /^[+-]?\d{0,18}$/,
  epoch: /^\d{0,18}$/,
  millisecond: /^\d{0,3}$/,
  port: /^(?:\d{0,9}|-)$/,
  hex: /^[\dA-Fa-f]*$/,
  date: /^[\w/:.]{0,24}$/,
  "date-gmt": /^[\w/:]{0,20}(?: [+-]?\d{0,4})?$/,
  "date-zone": /^[\w/:]{0,20}(?: [+-]?\d{0,4})?$/,
  ip: /^[\da-fA-F.:]{0,45}$/,
  state: /^[-A-Za-z]{0,4}$/,
  word: /^[^ "/]*$/,
  encoded: /^[^ "]*$/,
  request: /^[^ "]*(?: [^ "]*){0,2}$/,
  headers: /^"?\{[^{}"]*\}?"?$/,
  "header-list": /^(?:"[^"]*" )*"[^"]*"?$/,
  text: ANYTHING,
  json: /^(?:"|[-\dtfn])/,
  rest: ANYTHING,
};

/** A captured cookie is `-`, or a name, an equals sign and anything. */
const BEGINS_COOKIE = /^[^ ="{]*(?:=|$)/;

export const beginningOf = ({ alias, value }: LogField): RegExp =>
  alias === "CC" || alias === "CS" ? BEGINS_COOKIE : BEGINNINGS[value.kind];
