import type { LogField } from "#core/haproxy/log-format/log-format.ts";
import { endOfShape } from "#core/haproxy/parser/end-of-shape.ts";
import type { LineTemplate, OpenRun, PrintedValues, TemplateField } from "#core/haproxy/parser/line-template.ts";
import { searchTemplate } from "#core/haproxy/parser/search-template.ts";
import { splitCookies } from "#core/haproxy/parser/split-cookies.ts";

export interface CutMatch {
  readonly values: PrintedValues;
  /** The value within which the line was cut, as far as it goes. */
  readonly partial: Readonly<Record<string, string>>;
}

/** Where else an open value may end is tried so often: whoever fills a cookie with separators costs no more. */
const MAX_TRIES = 1000;

/**
 * Takes a whole line apart: straight away, as most lines can be, or else by looking for the values wherever they may
 * be.
 */
export const matchTemplate = (template: LineTemplate, text: string): PrintedValues | undefined =>
  readTemplate(template, text) ?? (canSearch(template, text) ? search(template, text) : undefined);

/** Cookies side by side are told by their names. */
function search(template: LineTemplate, text: string): PrintedValues | undefined {
  const values = searchTemplate(template, text);
  for (const run of values === undefined ? [] : template.openRuns) {
    const { before } = template.fields[run.to - 1] as TemplateField;
    if (areCookies(template.fields, run.from, run.to))
      readRun(template, run, (values as string[]).slice(run.from, run.to).join(before), values as PrintedValues);
  }
  return values;
}

function canSearch(template: LineTemplate, text: string): boolean {
  if (template.isExact) return false;
  const read = readBeginning(template, text);
  return read !== undefined && read.partial === undefined;
}

/**
 * Whether the line begins as the format does, or ends before that shows: no other can be a line of it, whole or cut.
 */
export const beginsAs = (template: LineTemplate, text: string): boolean => readBeginning(template, text) !== undefined;

/** The fields that are where they must be, whatever follows. */
const readBeginning = (template: LineTemplate, text: string): Read | undefined =>
  readForward(template, text, 0, 0, template.exactFields, new Array(template.fields.length));

/**
 * Reads a whole line in the order of its format. What is open (a cookie, which a client writes unencoded) is read
 * last: the line is read from its beginning up to there, and from where at the latest the rest of the format fits.
 * Nothing in a cookie can pass for a field behind it.
 */
function readTemplate(template: LineTemplate, text: string): PrintedValues | undefined {
  const { fields, openRuns } = template;
  const values: PrintedValues = new Array(fields.length).fill(undefined);
  let read: Read | undefined = { at: 0 };
  let index = 0;
  for (const [place, run] of openRuns.entries()) {
    read = readForward(template, text, read.at, index, run.from, values);
    const start = read && startOfRun(template, text, read, run);
    if (start === undefined) return undefined;
    const next = openRuns[place + 1];
    const found = next === undefined ? restOf(template, text, start, run, values) : undefined;
    const rest = found ?? (next && firstChain(template, text, start, run.to, next, values));
    if (rest === undefined || !readRun(template, run, text.slice(start, rest.from), values)) return undefined;
    if (next === undefined) return values;
    read = rest.read;
    index = next.from;
  }
  read = readForward(template, text, read.at, index, fields.length, values);
  return read !== undefined && endsAt(template, text, read) ? values : undefined;
}

/**
 * Takes apart a line that its sink's `len` has cut: only values that are followed by something are whole. Without the
 * end of the line to read from, an open value ends where what follows it can only be the rest of a line of this
 * format.
 */
export function matchCutTemplate(template: LineTemplate, text: string): CutMatch | undefined {
  const { fields, openRuns } = template;
  const values: PrintedValues = new Array(fields.length).fill(undefined);
  let at = 0;
  let index = 0;
  for (const [place, run] of openRuns.entries()) {
    const head = readForward(template, text, at, index, run.from, values);
    if (head === undefined) return undefined;
    if (head.partial !== undefined) return { values, partial: head.partial };
    const start = startOfRun(template, text, head, run);
    if (start === undefined) return cutBefore(text, head.at, (fields[run.from] as TemplateField).before, values);
    if (run.to === fields.length) return cutInRun(template, run, text.slice(start), values);

    const next = openRuns[place + 1];
    const rest = cutRest(template, text, start, run, next?.from ?? fields.length, values);
    if (rest === "another format") return undefined;
    if (rest === undefined) return cutInRun(template, run, text.slice(start), values);
    if (rest.partial !== undefined) return { values, partial: rest.partial };
    at = rest.at;
    index = next?.from ?? fields.length;
  }
  const tail = readForward(template, text, at, index, fields.length, values);
  return tail?.partial === undefined ? undefined : { values, partial: tail.partial };
}

/** `partial` is set where the text ends before the fields do. */
interface Read {
  readonly at: number;
  readonly partial?: Readonly<Record<string, string>>;
  /** Nothing was printed since the last separator, or since the line began: the next separator is left out. */
  readonly isSeparated?: boolean;
}

/** What stands before the field, or at the end: HAProxy never prints two separators for want of a value between. */
const separator = (literal: string, { isSeparated }: Read): string =>
  isSeparated === true && literal.startsWith(" ") ? literal.slice(1) : literal;

const isSeparatedBy = (literal: string, read: Read): boolean =>
  literal === "" ? read.isSeparated === true || read.at === 0 : literal.endsWith(" ");

/** Reads the fields [from, to), none of them open, from `at` on, into `values`. */
function readForward(
  { fields, end }: LineTemplate,
  text: string,
  at: number,
  from: number,
  to: number,
  values: PrintedValues,
): Read | undefined {
  let read: Read = { at };
  for (let index = from; index < to; index++) {
    const { field, before, shape, beginning, vanishes } = fields[index] as TemplateField;
    const literal = separator(before, read);
    if (!text.startsWith(literal, read.at)) {
      return literal.startsWith(text.slice(read.at)) ? { at: read.at, partial: {} } : undefined;
    }
    const start = read.at + literal.length;
    if (vanishes && !isPrinted(field.value.kind, field.value.quoted, text, start)) {
      read = { at: start, isSeparated: isSeparatedBy(before, read) };
      continue;
    }
    const stop = shape === undefined ? -1 : endOfShape(shape, text, start);
    const next = fields[index + 1]?.before ?? end;
    if (stop < 0 || (stop === text.length && next !== "") || !continues(text, stop, next)) {
      const rest = text.slice(start);
      return beginning.test(rest) ? { at: start, partial: { [field.name]: rest } } : undefined;
    }
    values[index] = text.slice(start, stop);
    read = { at: stop };
  }
  return read;
}

function isPrinted(kind: string, quoted: boolean, text: string, at: number): boolean {
  if (kind === "header-list") return text[at] === '"';
  return text.startsWith(quoted ? '"{' : "{", at);
}

/** Whether `next` follows, as far as the text goes. */
function continues(text: string, at: number, next: string): boolean {
  return text.startsWith(next, at) || (text.length - at < next.length && next.startsWith(text.slice(at)));
}

/** Whether the line ends here as the format does. */
function endsAt({ end }: LineTemplate, text: string, read: Read): boolean {
  if (read.partial !== undefined) return false;
  const literal = separator(end, read);
  return read.at + literal.length === text.length && text.endsWith(literal);
}

function startOfRun({ fields }: LineTemplate, text: string, read: Read, { from }: OpenRun): number | undefined {
  if (read.partial !== undefined) return undefined;
  const literal = separator((fields[from] as TemplateField).before, read);
  return text.startsWith(literal, read.at) ? read.at + literal.length : undefined;
}

/** What follows a run: where it starts, and how far it was read. */
interface Rest {
  readonly from: number;
  readonly read: Read;
}

/** What follows the last run. A list of nobody knows how many headers is all that can be one. */
function restOf(template: LineTemplate, text: string, start: number, run: OpenRun, values: PrintedValues) {
  const value = template.fields[run.to]?.field.value;
  const isList = value?.kind === "header-list" && value.quoted && value.count === undefined;
  return isList ? firstRest(template, text, start, run, values) : lastRest(template, text, start, run.to, values);
}

/** The first place where the fields behind the run make up all of the rest, and what is before it the run. */
function firstRest(
  template: LineTemplate,
  text: string,
  start: number,
  run: OpenRun,
  values: PrintedValues,
): Rest | undefined {
  const { before } = template.fields[run.to] as TemplateField;
  let from = text.indexOf(before, start);
  for (let tries = 0; from >= 0 && tries < MAX_TRIES; tries++) {
    const read = readForward(template, text, from, run.to, template.fields.length, values);
    const isRest = read !== undefined && endsAt(template, text, read);
    if (isRest && readRun(template, run, text.slice(start, from), values)) return { from, read };
    values.fill(undefined, run.to);
    from = text.indexOf(before, from + 1);
  }
  return undefined;
}

/**
 * The last place where the fields from `index` on make up all of the rest; one where headers are missing only if
 * there is none where they are not: what a value ends with can look like nothing behind it.
 */
function lastRest(
  template: LineTemplate,
  text: string,
  start: number,
  index: number,
  values: PrintedValues,
): Rest | undefined {
  const { fields, end } = template;
  if (index === fields.length) {
    const from = text.length - end.length;
    return from < start ? undefined : restAt(template, text, from, index, values);
  }
  const { before } = fields[index] as TemplateField;
  let withoutHeaders: number | undefined;
  let from = text.lastIndexOf(before);
  for (let tries = 0; from >= start && tries < MAX_TRIES; tries++) {
    const rest = restAt(template, text, from, index, values);
    if (rest !== undefined && !lacksHeaders(template, index, values)) return rest;
    if (rest !== undefined) withoutHeaders ??= from;
    from = from === 0 ? -1 : text.lastIndexOf(before, from - 1);
  }
  return withoutHeaders === undefined ? undefined : restAt(template, text, withoutHeaders, index, values);
}

/** The rest of the line if the fields from `index` on are all of it. */
function restAt(
  template: LineTemplate,
  text: string,
  from: number,
  index: number,
  values: PrintedValues,
): Rest | undefined {
  values.fill(undefined, index);
  const read = readForward(template, text, from, index, template.fields.length, values);
  return read !== undefined && endsAt(template, text, read) ? { from, read } : undefined;
}

const lacksHeaders = ({ fields }: LineTemplate, index: number, values: PrintedValues): boolean =>
  fields.some(
    ({ vanishes, isNeverThere }, place) => place >= index && vanishes && !isNeverThere && values[place] === undefined,
  );

/** The first place where the fields between two runs fit. */
function firstChain(
  template: LineTemplate,
  text: string,
  start: number,
  index: number,
  next: OpenRun,
  values: PrintedValues,
): Rest | undefined {
  const { before } = template.fields[index] as TemplateField;
  let from = text.indexOf(before, start);
  for (let tries = 0; from >= 0 && tries < MAX_TRIES; tries++) {
    const read = readForward(template, text, from, index, next.from, values);
    if (read !== undefined && startOfRun(template, text, read, next) !== undefined) return { from, read };
    values.fill(undefined, index);
    from = text.indexOf(before, from + 1);
  }
  return undefined;
}

/** Sets the values of the run that this text is. */
function readRun(template: LineTemplate, run: OpenRun, text: string, values: PrintedValues): boolean {
  const parts = splitRun(template, run, text);
  const fits = parts?.every((part, index) => (template.fields[run.from + index] as TemplateField).whole.test(part));
  if (parts === undefined || !fits) return false;
  parts.forEach((part, index) => {
    values[run.from + index] = part;
  });
  return true;
}

function splitRun({ fields }: LineTemplate, { from, to }: OpenRun, text: string): readonly string[] | undefined {
  if (areCookies(fields, from, to)) {
    const { field, before } = fields[from + 1] as TemplateField;
    return splitCookies(text, before, nothingFor(field));
  }
  const parts: string[] = [];
  let rest = text;
  for (let index = from + 1; index < to; index++) {
    const { before } = fields[index] as TemplateField;
    const end = rest.indexOf(before);
    if (end < 0) return undefined;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end + before.length);
  }
  return [...parts, rest];
}

/** What stands for a value that is not there. */
const nothingFor = ({ value: { whenEmpty } }: LogField): string => (whenEmpty === '""' ? "" : whenEmpty);

const areCookies = (fields: readonly TemplateField[], from: number, to: number): boolean =>
  to - from === 2 && fields[from]?.field.alias === "CC" && fields[from + 1]?.field.alias === "CS";

/**
 * Where a cut line goes on after a run, up to field `to` or its end. "another format" where what follows shows that the
 * run has ended, and is not of this one.
 */
function cutRest(
  template: LineTemplate,
  text: string,
  start: number,
  run: OpenRun,
  to: number,
  values: PrintedValues,
): Read | "another format" | undefined {
  const { fields, openRuns } = template;
  const { before } = fields[run.to] as TemplateField;
  const none = nothingFor((fields[run.from] as TemplateField).field);
  const nothing = none + fields[run.from + 1]?.before + none;
  const next = openRuns.find(({ from }) => from === to);
  let isAnotherFormat = false;
  let from = text.indexOf(before, start);
  for (let tries = 0; from >= 0 && tries < MAX_TRIES; tries++) {
    const read = readForward(template, text, from, run.to, to, values);
    // A termination state alone tells nothing after a cookie, whose own words can look like one.
    const told = values[run.to + 1] !== undefined || run.to + 1 >= to || text.slice(start, from) === nothing;
    const goesOn = read !== undefined && (read.partial !== undefined || isNext(template, text, read, next));
    if (goesOn && told && readRun(template, run, text.slice(start, from), values)) return read;
    isAnotherFormat ||= told && read === undefined;
    values.fill(undefined, run.to);
    from = text.indexOf(before, from + 1);
  }
  return isAnotherFormat ? "another format" : undefined;
}

const isNext = (template: LineTemplate, text: string, read: Read, next: OpenRun | undefined): boolean =>
  next !== undefined && startOfRun(template, text, read, next) !== undefined;

/** The line was cut within an open run: in its first value or, where that was nothing, the second. */
function cutInRun({ fields }: LineTemplate, run: OpenRun, rest: string, values: PrintedValues): CutMatch | undefined {
  const first = fields[run.from] as TemplateField;
  const second = run.to - run.from > 1 ? fields[run.from + 1] : undefined;
  const none = nothingFor(first.field);
  const passed = second && none + second.before;
  if (second === undefined || passed === undefined || !rest.startsWith(passed)) {
    const begins = first.beginning.test(rest) || passed?.startsWith(rest);
    return begins ? { values, partial: { [first.field.name]: rest } } : undefined;
  }
  const value = rest.slice(passed.length);
  values[run.from] = none;
  return second.beginning.test(value) ? { values, partial: { [second.field.name]: value } } : undefined;
}

/** The line was cut within what stands before an open value. */
const cutBefore = (text: string, at: number, before: string, values: PrintedValues): CutMatch | undefined =>
  before.startsWith(text.slice(at)) ? { values, partial: {} } : undefined;
