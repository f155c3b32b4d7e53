import { isField, type LogField, type LogFormat } from "#core/haproxy/log-format/log-format.ts";
import {
  atomOf,
  beginningOf,
  isExact,
  isVanishing,
  leastOf,
  ownShape,
  shapeOf,
} from "#core/haproxy/parser/field-shapes.ts";
import { latin1Of } from "#core/haproxy/parser/text.ts";

/** A value of a line, and how its end is found. */
export interface TemplateField {
  readonly field: LogField;
  /** What stands between the value before and this one, with the quote that opens it. */
  readonly before: string;
  /** Sticky. Without one the value is open: only what follows it can tell where it ends. */
  readonly shape: RegExp | undefined;
  /** Sticky, for a value that tells by itself how far it goes, where there is one. */
  readonly ownShape: RegExp | undefined;
  /** Whether a text is such a value, all of it. */
  readonly whole: RegExp;
  /** Whether the end of a cut line can be the beginning of this value. */
  readonly beginning: RegExp;
  /** Captured headers, for which HAProxy can print nothing at all. */
  readonly vanishes: boolean;
  /** It is known that none are captured. */
  readonly isNeverThere: boolean;
  /** Read from where it begins, it ends where it must, whatever follows. */
  readonly isExact: boolean;
}

/** The values as printed, one for each field of the template; undefined where HAProxy printed nothing. */
export type PrintedValues = (string | undefined)[];

/** Open fields side by side, `to` not included. */
export interface OpenRun {
  readonly from: number;
  readonly to: number;
}

/** A log-format as the matcher needs it. */
export interface LineTemplate {
  readonly format: LogFormat;
  readonly fields: readonly TemplateField[];
  /** Where each value stands by what HAProxy calls it: an alias, or the keyword of a sample expression. */
  readonly places: ReadonlyMap<string, readonly number[]>;
  /** What follows the last value. */
  readonly end: string;
  readonly openRuns: readonly OpenRun[];
  /** All fields are exact: a line that cannot be read in their order is none of the format. */
  readonly isExact: boolean;
  /** So many fields from the first on are exact, and not open. */
  readonly exactFields: number;
}

/** How many headers a frontend captures, where that is known: without quotes of their own, lists end nowhere else. */
export interface HeaderCounts {
  readonly request?: number | undefined;
  readonly response?: number | undefined;
}

export function lineTemplate(format: LogFormat, counts: HeaderCounts = {}): LineTemplate {
  const placed: { field: LogField; before: string }[] = [];
  let literal = "";
  for (const part of withoutTwinLists(format, counts)) {
    if (!isField(part)) {
      literal += latin1Of(part.literal);
      continue;
    }
    const quote = part.value.quoted && !isVanishing(part.value) ? '"' : "";
    placed.push({ field: withCount(part, counts), before: literal + quote });
    literal = quote;
  }
  const fields = placed.map(({ field, before }, index): TemplateField => {
    const isLast = index === placed.length - 1;
    const next = isLast ? literal || undefined : placed[index + 1]?.before;
    const behindNext = index + 2 < placed.length ? placed[index + 2]?.before : literal || undefined;
    const place = { next, isBeforePort: isPort(placed[index + 1]?.field) && endsPort(behindNext) };
    const own = ownShape(field, place);
    return {
      field,
      before,
      shape: shapeOf(field, place),
      ownShape: own === undefined ? undefined : new RegExp(own, "sy"),
      whole: new RegExp(`^${atomOf(field.value)}{${leastOf(field.value)},}$`, "s"),
      beginning: beginningOf(field),
      vanishes: isVanishing(field.value),
      isNeverThere: field.value.count === 0,
      isExact: isExact(field, place),
    };
  });
  const firstInexact = fields.findIndex(({ shape, isExact }) => shape === undefined || !isExact);
  return {
    format,
    fields,
    places: placesOf(fields),
    end: literal,
    openRuns: openRunsOf(fields),
    isExact: fields.every(({ isExact }) => isExact),
    exactFields: firstInexact < 0 ? fields.length : firstInexact,
  };
}

function placesOf(fields: readonly TemplateField[]): LineTemplate["places"] {
  const places = new Map<string, number[]>();
  for (const [index, { field }] of fields.entries()) {
    const name = field.alias ?? field.expression?.keyword;
    if (name !== undefined) places.set(name, [...(places.get(name) ?? []), index]);
  }
  return places;
}

const isPort = (field: LogField | undefined): boolean => field?.value.kind === "port";
/** Whether nothing behind a port can be taken for more of an address. */
const endsPort = (behind: string | undefined): boolean => behind === undefined || /^[^\da-fA-F.:]/.test(behind);

function withCount(field: LogField, { request, response }: HeaderCounts): LogField {
  const count = field.alias === "hsl" || field.alias === "hs" ? response : request;
  return count === undefined || !isVanishing(field.value) ? field : { ...field, value: { ...field.value, count } };
}

/**
 * Of two lists side by side whose lengths are not known nothing tells which holds what: they count as one, `headers`,
 * of which it is not said whose they are.
 */
function withoutTwinLists({ parts }: LogFormat, counts: HeaderCounts): LogFormat["parts"] {
  if (counts.request !== undefined) return parts;
  const first = parts.findIndex(
    (part, index) => isList(part) && isLiteral(parts[index + 1], " ") && isList(parts[index + 2]),
  );
  if (first < 0) return parts;
  const { alias, ...list } = parts[first] as LogField;
  return [...parts.slice(0, first), { ...list, name: "headers" }, ...parts.slice(first + 3)];
}

type Part = LogFormat["parts"][number] | undefined;
const isList = (part: Part): boolean => part !== undefined && isField(part) && part.value.kind === "header-list";
const isLiteral = (part: Part, literal: string): boolean =>
  part !== undefined && !isField(part) && part.literal === literal;

function openRunsOf(fields: readonly TemplateField[]): OpenRun[] {
  const runs: OpenRun[] = [];
  for (let from = 0; from < fields.length; from++) {
    let to = from;
    while (to < fields.length && fields[to]?.shape === undefined) to++;
    if (to === from) continue;
    runs.push({ from, to });
    from = to;
  }
  return runs;
}
