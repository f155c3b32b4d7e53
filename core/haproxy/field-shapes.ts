import type { FieldKind, TemplateField } from "#core/haproxy/log-template.ts";

/*
 * What HAProxy can have printed for a field. Each expression is tried at one place only, none can match in two ways, and
 * so none looks at a character more often than a fixed number of times.
 */

const SHAPES: Readonly<Record<FieldKind, RegExp>> = {
  number: /[+-]?\d{1,18}|-/y,
  address: /(?:unix|-|[\da-fA-F.:]{2,45}?)(?=:(?:\d{1,9}|-)(?: |$)|")/y,
  word: /[^ "/]+/y,
  date: /\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d\.\d{3}/y,
  headers: /\{[^{}"]*\}/y,
  encoded: /[^"]*/y,
  raw: /.*/sy,
  rest: /.*/sy,
};

/** Fields whose shape says more than their kind's: they tell one format from another. */
const FIELD_SHAPES: Readonly<Partial<Record<string, RegExp>>> = {
  cp: /\d{1,9}|-/y,
  fp: /\d{1,9}|-/y,
  ST: /-?\d{1,3}/y,
  tsc: /[-A-Za-z]{4}/y,
  ts: /[-A-Za-z]{2}/y,
  mode: /[A-Z]+/y,
  listener: /[^ "/]+?(?=: )/y,
};

/** How a value can begin, for lines that were cut within it. A URI holds no space: HAProxy refuses one that does. */
const BEGINNINGS: Readonly<Partial<Record<FieldKind, RegExp>>> = {
  number: /^[+-]?\d{0,18}$/,
  address: /^[\da-fA-F.:]{0,45}$/,
  word: /^[^ "/]*$/,
  date: /^[\w/:.]{0,23}$/,
  headers: /^\{[^{}"]*\}?$/,
  encoded: /^[^ "]*(?: [^ "]*){0,2}$/,
};

/** Where the value of this field that starts at `at` ends; -1 when none does. */
export function endOfValue({ name, kind }: TemplateField, text: string, at: number): number {
  const shape = FIELD_SHAPES[name] ?? SHAPES[kind];
  shape.lastIndex = at;
  return shape.test(text) ? shape.lastIndex : -1;
}

/** Whether the end of a cut line can be the beginning of this field's value. */
export const canBegin = ({ kind }: TemplateField, rest: string): boolean => BEGINNINGS[kind]?.test(rest) === true;
