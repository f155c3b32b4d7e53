import type { LogField, PrintedValue, ValueKind } from "#core/haproxy/log-format/log-format.ts";
import { canContinue, canHold, charactersOf, endsBefore } from "#core/haproxy/parser/field-characters.ts";

/*
 * What HAProxy can have printed for a field, as expressions that are tried at one place only and can match there in one
 * way: none looks at a character more often than a fixed number of times.
 */

/** A frontend's or a server's name is far shorter. */
const LONGEST_WORD = 512;

/** Where a field stands. */
export interface FieldPlace {
  /** What follows it: a literal, `""` where another field does, undefined where the line ends. */
  readonly next: string | undefined;
  /** A port follows the literal. */
  readonly isBeforePort: boolean;
}

/**
 * The end of the value that starts where the expression is tried; undefined for a value that can hold what follows
 * it.
 */
export function shapeOf(field: LogField, place: FieldPlace): RegExp | undefined {
  const source = shapeSource(field, place);
  return source === undefined ? undefined : new RegExp(source, "sy");
}

function shapeSource(field: LogField, place: FieldPlace): string | undefined {
  const { value } = field;
  const { next = "" } = place;
  const own = ownShape(field, place);
  if (own !== undefined) return [own, ...missingSource(value)].join("|");
  if (value.kind === "word") return upTo(value, `{${leastOf(value)},${LONGEST_WORD}}`, next);
  const isOpen = next === "" ? value.kind === "text" || value.kind === "rest" : canHold(value, next);
  // A list without quotes may not be there at all, which no shape can tell.
  return isOpen || value.kind === "header-list" ? undefined : upTo(value, `{${leastOf(value)},}`, next);
}

/** Fields whose shape says more than their kind's: they tell one format from another. */
const ALIAS_SHAPES: Readonly<Partial<Record<string, string>>> = {
  ST: "-?\\d{1,3}",
  tsc: "[-A-Za-z]{4}",
  ts: "[-A-Za-z]{2}",
  mode: "[A-Z]+",
};

/** These do not tell how far they go where what follows can look like more of them. */
const ENDLESS: ReadonlySet<ValueKind> = new Set<ValueKind>(["number", "epoch", "port", "hex", "ip"]);

const QUOTED_TEXT = '[^"\\\\]*(?:\\\\.[^"\\\\]*)*';
const ADDRESS = "[\\da-fA-F.:]{2,45}";

/** The shape of values that tell by themselves how far they go. */
export function ownShape({ alias, value }: LogField, place: FieldPlace): string | undefined {
  const { next } = place;
  if (value.kind === "ip" && isBeforeItsPort(place)) return `(?:unix|-|${ADDRESS})(?=${BEFORE_PORT})`;
  if (next !== undefined && ENDLESS.has(value.kind) && (next === "" || canContinue(value, next))) return undefined;
  const known = alias === undefined || value.kind === "json" ? undefined : ALIAS_SHAPES[alias];
  if (known !== undefined) return known;
  switch (value.kind) {
    case "number":
      return "[+-]?\\d{1,18}";
    case "epoch":
      return "\\d{1,18}";
    case "millisecond":
      return "\\d{3}";
    case "port":
      return "\\d{1,9}";
    case "hex":
      return "[\\dA-Fa-f]+";
    case "date":
      return "\\d\\d/[A-Z][a-z]{2}/\\d{4}:\\d\\d:\\d\\d:\\d\\d\\.\\d{3}";
    case "date-gmt":
    case "date-zone":
      return "\\d\\d/[A-Z][a-z]{2}/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4}";
    case "ip":
      return `unix|${ADDRESS}`;
    case "state":
      return "[-A-Za-z]{2,4}";
    case "headers":
      return value.quoted ? '"\\{[^{}"]*\\}"' : '\\{[^{}"]*\\}';
    case "header-list":
      return value.quoted ? listOf(value) : undefined;
    case "json":
      return `"${QUOTED_TEXT}"|\\[(?:"${QUOTED_TEXT}"(?:, |(?=\\])))*\\]|-?\\d[\\d.eE+-]*|true|false|null`;
    default:
      return undefined;
  }
}

/** The colon before a port is the last one. */
const BEFORE_PORT = ':(?:\\d{1,9}|-|"")(?![\\da-fA-F.:])';
const isBeforeItsPort = ({ next, isBeforePort }: FieldPlace): boolean => next === ":" && isBeforePort;

const listOf = ({ count }: PrintedValue): string =>
  count === undefined ? '"[^"]*"(?: "[^"]*")*' : `"[^"]*"(?: "[^"]*"){${Math.max(count - 1, 0)}}`;

/** What is printed for a value that is not there, between its quotes if it has some. */
export function missingText({ always, quoted, whenEmpty, kind }: PrintedValue): string | undefined {
  if (always || kind === "json" || kind === "rest") return undefined;
  return quoted ? "" : whenEmpty;
}

function missingSource(value: PrintedValue): string[] {
  const missing = missingText(value);
  return missing === undefined || isVanishing(value) ? [] : [missing];
}

/** Captured headers, for which HAProxy can print nothing at all. */
export const isVanishing = ({ kind }: PrintedValue): boolean => kind === "headers" || kind === "header-list";

/** Whether a value that is read from where it begins ends where it must. Cookies are told by their names as well. */
export function isExact({ alias, value }: LogField, place: FieldPlace): boolean {
  if (isVanishing(value)) return (value.quoted || value.kind === "headers") && !looksLikeHeaders(place.next);
  if (alias === "CC" || alias === "CS" || FIXED.has(value.kind)) return true;
  if (!value.quoted && missingText(value) === "") return false;
  return place.next === undefined || isBeforeItsPort(place) || endsBefore(value, place.next);
}

/** All values of these kinds are of one length, or end with a sign that they do not hold. */
const FIXED: ReadonlySet<ValueKind> = new Set<ValueKind>(["date", "date-gmt", "date-zone", "state", "json"]);

/** Where no headers are printed, what follows stands in their place. */
const looksLikeHeaders = (next = ""): boolean => /^ ?["{]/.test(next);

/** The least length of a value that is a run of characters. */
export const leastOf = (value: PrintedValue): 0 | 1 => (missingText(value) === "" ? 0 : 1);

/** One character of a value that is a run of such, or one with the backslash that takes its meaning away. */
export function atomOf(value: PrintedValue): string {
  const character = `[${charactersOf(value)}]`;
  if (value.escape === "none") return character;
  return value.escape === "json" ? `(?:(?!["\\\\])${character}|\\\\.)` : `(?:(?!["\\\\\\]])${character}|\\\\.)`;
}

/** Where no character can begin what follows, all of them at once: a tenth of the time of looking ahead at each. */
function upTo(value: PrintedValue, times: string, next: string): string {
  const atom = atomOf(value);
  if (next === "" || (value.escape === "none" && !canHold(value, next[0] as string))) return atom + times;
  return `${atom}${times}?(?=${next.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")})`;
}

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
  json: /^(?:["[]|[-\dtfn])/,
  rest: ANYTHING,
};

/** A captured cookie is `-`, or a name, an equals sign and anything. */
const BEGINS_COOKIE = /^[^ ="{]*(?:=|$)/;

export const beginningOf = ({ alias, value }: LogField): RegExp =>
  alias === "CC" || alias === "CS" ? BEGINS_COOKIE : BEGINNINGS[value.kind];
