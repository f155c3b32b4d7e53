import type { Captures } from "#core/haproxy/config/haproxy-config.ts";
import { askedAs } from "#core/haproxy/log-format/index-fields.ts";
import {
  isField,
  type LogField,
  type LogFormat,
  type PrintedValue,
  type ValueKind,
} from "#core/haproxy/log-format/log-format.ts";
import { canHold, endsBefore } from "#core/haproxy/parser/field-characters.ts";

/** Where lines of a format can be read in more than one way. */
export interface Ambiguity {
  /** Of the field in the format's text from which on it cannot be told. */
  readonly offset: number;
  readonly says: string;
}

/** A field, and the literals around it. */
interface Slot {
  readonly field: LogField;
  readonly before: string;
  readonly after: string;
}

/**
 * Where values of a format cannot be told apart for certain. Lines are read from both ends, so one value that can look
 * like what follows it does no harm; two of them do. Captures, where they are known, tell how many headers there are.
 */
export function ambiguities(format: LogFormat, captures?: Captures): Ambiguity[] {
  const slots = slotsOf(format);
  const found = new Map<number, string>();
  const note = ({ offset, says }: Ambiguity): void => {
    if (!found.has(offset)) found.set(offset, says);
  };
  listsUntold(slots, captures).forEach(note);
  if (captures === undefined) {
    headersUntold(slots).forEach(note);
    blocksUntold(slots).forEach(note);
  }
  valuesUntold(slots).forEach(note);
  for (const index of slots.keys()) {
    if (captures === undefined && vanishes(slots[index])) valuesUntold(withoutSlot(slots, index)).forEach(note);
  }
  return [...found].map(([offset, says]) => ({ offset, says })).sort((one, other) => one.offset - other.offset);
}

const vanishes = (slot: Slot | undefined): boolean =>
  slot?.field.value.kind === "headers" || slot?.field.value.kind === "header-list";

/** What is left of a line where nothing is captured for one of the fields. */
function withoutSlot(slots: readonly Slot[], index: number): Slot[] {
  const { before, after } = slots[index] as Slot;
  const between = `${before}${before.endsWith(" ") ? after.replace(/^ /, "") : after}`;
  return slots.toSpliced(index, 1).map((slot, place) => ({
    ...slot,
    ...(place === index - 1 && { after: between }),
    ...(place === index && { before: between }),
  }));
}

/** Headers of a list hold the spaces that stand between them, unless each has quotes around it. */
function listsUntold(slots: readonly Slot[], captures: Captures | undefined): Ambiguity[] {
  return slots.flatMap(({ field }) => {
    const { value, alias, offset } = field;
    const headers = alias === "hsl" ? captures?.response : captures?.request;
    if (value.kind !== "header-list" || value.quoted || headers?.length === 1) return [];
    return [{ offset, says: `a header of ${askedAs(field)} can hold the space that ends it; with +Q each has quotes` }];
  });
}

function valuesUntold(slots: readonly Slot[]): Ambiguity[] {
  return [...untoldBorders(slots)].map(([index, opener]) => {
    const [previous, slot] = slots.slice(index - 1, index + 1) as [Slot, Slot];
    return { offset: slot.field.offset, says: saysOfValues(opener, previous, slot) };
  });
}

function slotsOf({ parts }: LogFormat): Slot[] {
  const literalAt = (index: number): string => {
    const part = parts[index];
    return part === undefined || isField(part) ? "" : part.literal;
  };
  return parts.flatMap((part, index) =>
    isField(part) ? [{ field: part, before: literalAt(index - 1), after: literalAt(index + 1) }] : [],
  );
}

/** The fields whose beginning cannot be told, each with the earlier field that can hold what looks the same. */
function untoldBorders(slots: readonly Slot[]): Map<number, Slot> {
  const untold = new Map<number, Slot>();
  let from = 0;
  while (from < slots.length) {
    if (endIsTold(slots, from)) {
      from++;
      continue;
    }
    const last = endOfGroup(slots, from);
    let to = last ?? slots.length - 1;
    // From there the line is read backwards.
    while (to > from && startIsTold(slots, to)) to--;
    for (let index = from + 1; index <= to; index++) untold.set(index, slots[from] as Slot);
    if (last === undefined) break;
    from = last + 1;
  }
  return untold;
}

/**
 * The field up to which borders are unclear, where the border after it is not: in `%ci:%cp ` an address holds colons,
 * yet neither it nor a port holds spaces.
 */
function endOfGroup(slots: readonly Slot[], from: number): number | undefined {
  for (let last = from + 1; last < slots.length - 1; last++) {
    const { after } = slots[last] as Slot;
    const group = slots.slice(from, last + 1);
    if (after !== "" && group.every(({ field }) => !canHold(field.value, after))) return last;
  }
  return undefined;
}

/** Whether a field ends where what follows it first occurs. */
function endIsTold(slots: readonly Slot[], index: number): boolean {
  const { field, after } = slots[index] as Slot;
  if (isSelfDelimiting(field) || hasFixedLength(field)) return true;
  const next = slots[index + 1];
  if (next === undefined) return true;
  return endsBefore(field.value, after === "" ? firstOf(next.field) : after);
}

/** Whether a field begins where what precedes it last occurs. */
function startIsTold(slots: readonly Slot[], index: number): boolean {
  const { field, before } = slots[index] as Slot;
  // Braces at once behind a value can be the value's own, where no headers are printed.
  if (before === "" && vanishes(slots[index])) return false;
  // An opening quote behind a backslash looks like one within.
  if (before.endsWith("\\") && field.value.escape !== "none") return false;
  if (isSelfDelimiting(field) || hasFixedLength(field)) return true;
  return before !== "" && !canHold(field.value, before);
}

/** Whether a value shows its own end: quotes around what holds none, braces, or a JSON value. */
function isSelfDelimiting({ value }: LogField): boolean {
  if (value.kind === "headers" || value.kind === "json") return true;
  return value.quoted && (value.kind !== "text" || value.escape !== "none");
}

const FIXED_LENGTH: ReadonlySet<ValueKind> = new Set<ValueKind>([
  "date",
  "date-gmt",
  "date-zone",
  "millisecond",
  "state",
]);

const hasFixedLength = ({ value }: LogField): boolean => FIXED_LENGTH.has(value.kind);

/** What a value may begin with, where nothing stands before it. */
const firstOf = ({ value }: LogField): string =>
  value.quoted ? '"' : value.kind === "headers" || value.kind === "json" ? "{" : "0";

function saysOfValues(opener: Slot, previous: Slot, { field, before }: Slot): string {
  const [one, other] = [askedAs(previous.field), askedAs(field)];
  if (previous.field.alias === "CC" && field.alias === "CS")
    return `${one} and ${other} are printed as they came: a cookie can hold what separates them, and is told from the other by its name only`;
  if (before === "") return `nothing separates ${other} from ${one}: where one ends and the other begins is a guess`;
  const holders = [previous.field, field].filter(({ value }) => canHold(value, before)).map(askedAs);
  if (holders.length === 0) return `${askedAs(opener.field)} can hold all that stands between it and ${other}`;
  return `"${before}" separates ${one} from ${other}, and ${holders.join(" and ")} can hold it`;
}

/** Lists and blocks of headers of which the line does not say how many they are, or whether they are there. */
function headersUntold(slots: readonly Slot[]): Ambiguity[] {
  return slots.flatMap((slot, index) => {
    const previous = slots[index - 1];
    if (previous === undefined || slot.before.trim() !== "") return [];
    const says = saysOfHeaders(previous.field, slot.field);
    return says === undefined ? [] : [{ offset: slot.field.offset, says }];
  });
}

/**
 * Blocks of headers with so little between them that a line with the one only can pass for a line with the other
 * only.
 */
function blocksUntold(slots: readonly Slot[]): Ambiguity[] {
  return slots.flatMap((slot, index) => {
    const first = slots.findLastIndex(({ field }, at) => at < index && field.value.kind === "headers");
    if (slot.field.value.kind !== "headers" || first < 0) return [];
    const between = slots.slice(first + 1, index);
    const isTold =
      between.some(({ field }) => !canHold(field.value, "{}")) ||
      !canBegin(slots[first] as Slot) ||
      !canEnd(slot) ||
      between.length === 0;
    if (isTold) return [];
    const [one, other] = [askedAs((slots[first] as Slot).field), askedAs(slot.field)];
    const says = `where only one of ${one} and ${other} is captured, a block and what stands between them could be either's`;
    return [{ offset: slot.field.offset, says }];
  });
}

const quoteOf = ({ field }: Slot): string => (field.value.quoted ? '"' : "");

/** Whether what follows a block can pass for the beginning of one. */
function canBegin(slot: Slot): boolean {
  const [literal, opening] = [slot.after.trim(), `${quoteOf(slot)}{`];
  return opening.startsWith(literal) || literal.startsWith(opening);
}

/** Whether what precedes a block can pass for the end of one. */
function canEnd(slot: Slot): boolean {
  const [literal, closing] = [slot.before.trim(), `}${quoteOf(slot)}`];
  return closing.endsWith(literal) || literal.endsWith(closing);
}

function saysOfHeaders(previous: LogField, field: LogField): string | undefined {
  const [one, other] = [askedAs(previous), askedAs(field)];
  const [first, second] = [previous.value, field.value];
  if (first.kind === "headers" && second.kind === "headers")
    return `where only one of ${one} and ${other} is captured, its block could be either's; it is taken for ${one}`;
  if (first.kind === "header-list" && (second.kind === "header-list" || second.quoted))
    return `how many headers ${one} has, and so where ${other} begins, only the configuration's captures tell`;
  if (first.kind === "headers" && canBeginBlock(second))
    return `where nothing is captured for ${one}, what ${other} begins with can pass for it`;
  if (second.kind === "headers" && canHold(first, " {}"))
    return `where nothing is captured for ${other}, what ${one} ends with can pass for it`;
  return undefined;
}

const canBeginBlock = (value: PrintedValue): boolean => !value.quoted && canHold(value, "{}");
