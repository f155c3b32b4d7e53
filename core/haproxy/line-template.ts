import { beginningOf, shapeOf } from "#core/haproxy/field-shapes.ts";
import { isField, type LogField, type LogFormat } from "#core/haproxy/log-format.ts";

/** A value of a line, and how its end is found. */
export interface TemplateField {
  readonly field: LogField;
  /** What stands between the value before and this one, with the quote that opens it. */
  readonly before: string;
  /** Sticky. Without one the value is open: only what follows it can tell where it ends. */
  readonly shape: RegExp | undefined;
  /** Whether the end of a cut line can be the beginning of this value. */
  readonly beginning: RegExp;
  /** Captured headers, for which HAProxy can print nothing at all. */
  readonly vanishes: boolean;
}

/** Open fields side by side, `to` not included. */
export interface OpenRun {
  readonly from: number;
  readonly to: number;
}

/** A log-format as the matcher needs it. */
export interface LineTemplate {
  readonly format: LogFormat;
  readonly fields: readonly TemplateField[];
  /** What follows the last value. */
  readonly end: string;
  readonly openRuns: readonly OpenRun[];
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
      literal += part.literal;
      continue;
    }
    const quote = part.value.quoted && !vanishes(part) ? '"' : "";
    placed.push({ field: part, before: literal + quote });
    literal = quote;
  }
  const fields = placed.map(({ field, before }, index): TemplateField => {
    const next = placed[index + 1]?.before ?? literal;
    const count = field.alias === "hsl" || field.alias === "hs" ? counts.response : counts.request;
    return {
      field,
      before,
      shape: shapeOf(field, next, count),
      beginning: beginningOf(field),
      vanishes: vanishes(field),
    };
  });
  return { format, fields, end: literal, openRuns: openRunsOf(fields) };
}

const vanishes = ({ value: { kind } }: LogField): boolean => kind === "headers" || kind === "header-list";

/**
 * Of two lists side by side whose lengths are not known nothing tells which holds what: they count as one, `headers`, of
 * which it is not said whose they are.
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
