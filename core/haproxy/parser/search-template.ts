import type { PrintedValue } from "#core/haproxy/log-format/log-format.ts";
import { endOfShape } from "#core/haproxy/parser/end-of-shape.ts";
import { atomOf, missingText } from "#core/haproxy/parser/field-shapes.ts";
import type { LineTemplate, PrintedValues, TemplateField } from "#core/haproxy/parser/line-template.ts";

/*
 * Takes a line apart as a finite automaton does: field by field all places are marked at which it can begin and end,
 * and then a way through them is gone back from the end of the line. It finds the values wherever there are some, in
 * time proportional to the line's length, and is slower than reading what most lines are straight away.
 */

/** What can have been printed last where a field begins or ends: a separator (or nothing yet), or anything else. */
const SEPARATOR = 1;
const OTHER = 2;

/** Per place of the line, which of both it is reached after; 0 where it is not. */
type Reached = Uint8Array;

/** Where a field can end, and for each such place where it begins then (the nearest), if it printed something. */
interface FieldSpans {
  readonly starts: Reached;
  readonly ends: Reached;
  readonly begins: Int32Array;
}

/** The values of a whole line, for fields printed as nothing undefined; undefined if the line is none of the format. */
export function searchTemplate(template: LineTemplate, text: string): PrintedValues | undefined {
  if (!hasLiterals(template, text)) return undefined;
  const spans: FieldSpans[] = [];
  let reached: Reached = new Uint8Array(text.length + 1);
  reached[0] = SEPARATOR;
  for (const place of template.fields) {
    const starts = passLiteral(place.before, text, reached);
    const span = passField(place, text, starts);
    if (span === undefined) return undefined;
    spans.push(span);
    reached = span.ends;
  }
  const atEnd = passLiteral(template.end, text, reached)[text.length] as number;
  return atEnd === 0 ? undefined : goBack(template, text, spans, atEnd);
}

/**
 * Whether the literals stand in the line one behind the other, which few lines of other formats have, and no cut
 * line: it is no whole line of the format otherwise.
 */
export function hasLiterals(template: LineTemplate, text: string): boolean {
  let at = 0;
  for (const printed of literalsOf(template)) {
    const found = text.indexOf(printed, at);
    if (found < 0) return false;
    at = found + printed.length;
  }
  return true;
}

const literals = new WeakMap<LineTemplate, readonly string[]>();

/** Each as short as it can be printed. */
function literalsOf(template: LineTemplate): readonly string[] {
  const known = literals.get(template);
  if (known !== undefined) return known;
  const { fields, end } = template;
  const made = [...fields.map(({ before }) => before), end].map((literal) => printedAfter(literal, SEPARATOR));
  literals.set(template, made);
  return made;
}

/** HAProxy prints no separator after another one, and none at the beginning of a line. */
function printedAfter(literal: string, last: number): string {
  return last === SEPARATOR && literal.startsWith(" ") ? literal.slice(1) : literal;
}

const lastAfter = (printed: string, last: number): number =>
  printed === "" ? last : printed.endsWith(" ") ? SEPARATOR : OTHER;

function passLiteral(literal: string, text: string, from: Reached): Reached {
  if (literal === "") return from;
  const reached = new Uint8Array(text.length + 1);
  for (const last of [SEPARATOR, OTHER]) {
    const printed = printedAfter(literal, last);
    const mark = lastAfter(printed, last);
    for (let at = nextPlace(printed, text, 0); at >= 0; at = nextPlace(printed, text, at + 1))
      if (((from[at] as number) & last) !== 0) (reached[at + printed.length] as number) |= mark;
  }
  return reached;
}

const nextPlace = (printed: string, text: string, from: number): number =>
  from > text.length ? -1 : text.indexOf(printed, from);

/** Undefined when the field can begin nowhere. */
function passField(place: TemplateField, text: string, starts: Reached): FieldSpans | undefined {
  const ends = new Uint8Array(text.length + 1);
  const begins = new Int32Array(text.length + 1).fill(-1);
  const span = { starts, ends, begins };
  let hasBegun = false;
  for (let at = 0; at <= text.length; at++) {
    if (starts[at] === 0) continue;
    hasBegun = true;
    endNothing(place, span, text, at);
    if (place.ownShape !== undefined && !place.isNeverThere) endShape(place.ownShape, span, text, at);
  }
  if (hasBegun && place.ownShape === undefined && !place.isNeverThere) endRuns(place.field.value, span, text);
  return hasBegun ? span : undefined;
}

/** What stands where there is no value. Since 3.0 the space after nothing at all is left out, too. */
function endNothing(
  { field, vanishes }: TemplateField,
  { starts, ends, begins }: FieldSpans,
  text: string,
  at: number,
) {
  const last = starts[at] as number;
  const missing = vanishes ? "" : missingText(field.value);
  if (missing === undefined) return;
  if (missing === "") (ends[at] as number) |= vanishes ? last : last | OTHER;
  else if (text.startsWith(missing, at)) endAt(ends, begins, at + missing.length, at);
}

function endShape(shape: RegExp, { ends, begins }: FieldSpans, text: string, at: number): void {
  const end = endOfShape(shape, text, at);
  if (end >= 0) endAt(ends, begins, end, at);
}

function endAt(ends: Reached, begins: Int32Array, end: number, begin: number): void {
  (ends[end] as number) |= OTHER;
  begins[end] = begin;
}

/** A run of characters can end at each place up to the first character that it cannot hold. */
function endRuns(value: PrintedValue, { starts, ends, begins }: FieldSpans, text: string): void {
  const holds = heldBy(value);
  let begin = -1;
  let behindEscaped = -1;
  for (let at = 0; at <= text.length; at++) {
    if (begin >= 0) endAt(ends, begins, at, begin);
    const source: number = starts[at] === 0 ? begin : at;
    const isEscape = value.escape !== "none" && text[at] === "\\";
    begin = Math.max(behindEscaped, !isEscape && holds[text.charCodeAt(at)] === 1 ? source : -1);
    behindEscaped = isEscape ? source : -1;
  }
}

const tables = new Map<string, Uint8Array>();

/** For each byte, whether it can stand in the value unescaped. */
function heldBy(value: PrintedValue): Uint8Array {
  const atom = atomOf(value);
  let table = tables.get(atom);
  if (table === undefined) {
    const expression = new RegExp(`^${atom}$`, "s");
    table = Uint8Array.from({ length: 256 }, (_, code) => (expression.test(String.fromCharCode(code)) ? 1 : 0));
    tables.set(atom, table);
  }
  return table;
}

/**
 * From the end of the line to its beginning; of several ways that with the shortest values behind, the longest
 * before.
 */
function goBack(
  { fields, end }: LineTemplate,
  text: string,
  spans: readonly FieldSpans[],
  reachedEnd: number,
): PrintedValues {
  const values: PrintedValues = new Array(fields.length).fill(undefined);
  let last = (reachedEnd & OTHER) !== 0 ? OTHER : SEPARATOR;
  let at = text.length;
  let literal = end;
  for (let index = fields.length - 1; index >= 0; index--) {
    const { field, vanishes, before } = fields[index] as TemplateField;
    const { starts, ends, begins } = spans[index] as FieldSpans;
    [at, last] = backOverLiteral(literal, text, at, last, ends);
    const isNothing = !vanishes && missingText(field.value) === "" && starts[at] !== 0;
    const begin = last === OTHER && !isNothing ? (begins[at] as number) : -1;
    if (begin >= 0) {
      values[index] = text.slice(begin, at);
      at = begin;
      last = (starts[at] as number) & OTHER || SEPARATOR;
    } else {
      if (!vanishes) values[index] = "";
      if (((starts[at] as number) & last) === 0) last = SEPARATOR;
    }
    literal = before;
  }
  return values;
}

/** Where the literal that ends there begins, and what was printed last before it. */
function backOverLiteral(literal: string, text: string, at: number, last: number, ends: Reached): [number, number] {
  for (const before of [OTHER, SEPARATOR]) {
    const printed = printedAfter(literal, before);
    const from = at - printed.length;
    const isReached = from >= 0 && ((ends[from] as number) & before) !== 0;
    if (isReached && lastAfter(printed, before) === last && text.startsWith(printed, from)) return [from, before];
  }
  throw new Error("A place that was reached was reached from nowhere");
}
