import { canBegin, endOfValue } from "#core/haproxy/field-shapes.ts";
import type { LogTemplate, TemplateField } from "#core/haproxy/log-template.ts";
import { splitCookies } from "#core/haproxy/split-cookies.ts";

/** The values as printed, one for each field of the template; undefined where HAProxy printed nothing. */
export type PrintedValues = (string | undefined)[];

export interface CutMatch {
  readonly values: PrintedValues;
  /** The value within which the line was cut, as far as it goes. */
  readonly partial: Readonly<Record<string, string>>;
}

/**
 * Takes a whole line apart. What a client can write unencoded (its cookie) stands in the middle, so the line is read from
 * its beginning up to there and from its end down to there: nothing in a cookie can pass for another field.
 */
export function matchTemplate(template: LogTemplate, text: string): PrintedValues | undefined {
  const { fields, end, rawFrom, rawTo } = template;
  if (!text.endsWith(end)) return undefined;
  const values: PrintedValues = new Array(fields.length);
  const head = readForward(template, text, 0, 0, rawTo === 0 ? fields.length : rawFrom, values);
  if (head === undefined || head.partial !== undefined) return undefined;
  if (rawTo === 0) return head.at === text.length - end.length ? values : undefined;

  const rawEnd = readBackward(template, text, values);
  return rawEnd !== undefined && readRaw(template, text, head.at, rawEnd, values) ? values : undefined;
}

/**
 * Takes apart a line that its sink's `len` has cut: only values that are followed by something are whole. Without the end
 * of the line to read from, the cookie ends where what follows it can only be the rest of a line of this format.
 */
export function matchCutTemplate(template: LogTemplate, text: string): CutMatch | undefined {
  const { fields, rawFrom, rawTo } = template;
  const values: PrintedValues = new Array(fields.length);
  const head = readForward(template, text, 0, 0, rawTo === 0 ? fields.length : rawFrom, values);
  if (head === undefined) return undefined;
  if (head.partial !== undefined) return { values, partial: head.partial };
  if (rawTo === 0) return undefined;

  const first = fields[rawFrom] as TemplateField;
  if (!text.startsWith(first.before, head.at)) return undefined;
  const rawStart = head.at + first.before.length;
  const after = fields[rawTo] as TemplateField;
  const noCookies = `-${fields[rawFrom + 1]?.before}-`;
  let isAnotherFormat = false;
  for (
    let rawEnd = text.indexOf(after.before, rawStart);
    rawEnd >= 0;
    rawEnd = text.indexOf(after.before, rawEnd + 1)
  ) {
    const tail = readForward(template, text, rawEnd, rawTo, fields.length, values);
    // A termination state alone tells nothing after a cookie, whose own words can look like one.
    const told = values[rawTo + 1] !== undefined || text.slice(rawStart, rawEnd) === noCookies;
    if (tail?.partial !== undefined && told && readRaw(template, text, head.at, rawEnd, values))
      return { values, partial: tail.partial };
    isAnotherFormat ||= told;
    values.fill(undefined, rawTo);
  }
  return isAnotherFormat ? undefined : cutInRaw(template, text.slice(rawStart), values);
}

/** A captured cookie is `-`, or a name, an equals sign and anything. */
const BEGINS_COOKIE = /^[^ ="{]*(?:=|$)/;

/** The line was cut within its cookies; where there was no request cookie, within the response's. */
function cutInRaw({ fields, rawFrom, rawTo }: LogTemplate, rest: string, values: PrintedValues): CutMatch | undefined {
  const [first, second] = fields.slice(rawFrom, rawTo) as [TemplateField, TemplateField?];
  const none = second && `-${second.before}`;
  if (second === undefined || none === undefined || !rest.startsWith(none))
    return BEGINS_COOKIE.test(rest) || none?.startsWith(rest) ? { values, partial: { [first.name]: rest } } : undefined;
  const value = rest.slice(none.length);
  values[rawFrom] = "-";
  return BEGINS_COOKIE.test(value) ? { values, partial: { [second.name]: value } } : undefined;
}

/** `partial` is set where the text ends before the fields do. */
interface Read {
  readonly at: number;
  readonly partial?: Readonly<Record<string, string>>;
}

/** Reads the fields [from, to) from `at` on, into `values`. */
function readForward(
  { fields, end }: LogTemplate,
  text: string,
  at: number,
  from: number,
  to: number,
  values: PrintedValues,
): Read | undefined {
  let position = at;
  for (let index = from; index < to; index++) {
    const field = fields[index] as TemplateField;
    const { name, before } = field;
    if (isOptional(field) && !text.startsWith(`${before}{`, position)) continue;
    if (!text.startsWith(before, position)) {
      return position < text.length && before.startsWith(text.slice(position))
        ? { at: position, partial: {} }
        : undefined;
    }
    const start = position + before.length;
    const next = fields[index + 1]?.before ?? end;
    const stop = endOfValue(field, text, start);
    if (stop < 0 || (stop === text.length && next !== "") || !continues(text, stop, next)) {
      const rest = text.slice(start);
      return canBegin(field, rest) ? { at: start, partial: { [name]: rest } } : undefined;
    }
    values[index] = text.slice(start, stop);
    position = stop;
  }
  return { at: position };
}

/** Headers that were not captured take the space before them along. */
const isOptional = ({ kind, before }: TemplateField): boolean => kind === "headers" && before === " ";

/** Whether `next` follows, as far as the text goes. */
function continues(text: string, at: number, next: string): boolean {
  return text.startsWith(next, at) || (text.length - at < next.length && next.startsWith(text.slice(at)));
}

/** Reads the fields after the raw ones from the end of the text; answers where the raw ones end. */
function readBackward({ fields, end, rawTo }: LogTemplate, text: string, values: PrintedValues): number | undefined {
  let stop = text.length - end.length;
  for (let index = fields.length - 1; index >= rawTo; index--) {
    const field = fields[index] as TemplateField;
    if (isOptional(field) && text[stop - 1] !== "}") {
      // One block where two could stand: the first of them.
      values[index] = values[index + 1] !== undefined && isNextOptional(fields, index) ? values[index + 1] : undefined;
      if (values[index] !== undefined) values[index + 1] = undefined;
      continue;
    }
    const { before } = field;
    const opening = isOptional(field) ? `${before}{` : before;
    if (stop < opening.length) return undefined;
    const position = text.lastIndexOf(opening, stop - opening.length);
    if (position < 0) return undefined;
    const start = position + before.length;
    if (field.kind === "headers" && start === stop) values[index] = undefined;
    else if (endOfValue(field, text, start) === stop) values[index] = text.slice(start, stop);
    else return undefined;
    stop = position;
  }
  return stop;
}

const isNextOptional = (fields: readonly TemplateField[], index: number): boolean => {
  const next = fields[index + 1];
  return next !== undefined && isOptional(next);
};

/** Reads the raw fields, which lie between `from` and `to`. */
function readRaw(
  { fields, rawFrom, rawTo }: LogTemplate,
  text: string,
  from: number,
  to: number,
  values: PrintedValues,
): boolean {
  const first = fields[rawFrom] as TemplateField;
  const start = from + first.before.length;
  if (start > to || !text.startsWith(first.before, from)) return false;
  if (rawTo - rawFrom === 1) {
    values[rawFrom] = text.slice(start, to);
    return true;
  }
  const cookies = splitCookies(text.slice(start, to), (fields[rawFrom + 1] as TemplateField).before);
  if (cookies === undefined) return false;
  [values[rawFrom], values[rawFrom + 1]] = cookies;
  return true;
}
