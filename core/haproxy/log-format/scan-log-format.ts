import { presentNameOf } from "#core/haproxy/log-format/aliases.ts";
import type { LogFlags, LogFormatRemark, LogLiteral } from "#core/haproxy/log-format/log-format.ts";
import { LogFormatError } from "#core/haproxy/log-format/log-format-error.ts";
import { readSampleExpression, type SampleExpression } from "#core/haproxy/log-format/sample-expression.ts";

/** The type that `%(name:type)` gives to an encoded value. */
export type ItemType = "str" | "sint" | "bool" | "raw";

interface FormatFieldItem {
  readonly offset: number;
  readonly flags: LogFlags;
  /** `%(label:type)`: the key of an encoded value. */
  readonly label?: string;
  readonly labelType?: ItemType;
}

export type FormatAliasItem = FormatFieldItem & { readonly alias: string };
export type FormatSampleItem = FormatFieldItem & { readonly expression: SampleExpression };
export type FormatItem = LogLiteral | FormatAliasItem | FormatSampleItem;

export interface ScannedFormat {
  readonly items: readonly FormatItem[];
  /** `%{+json}o`: the whole line is JSON, made of the items that have a label. */
  readonly isJson: boolean;
  readonly remarks: readonly LogFormatRemark[];
}

const DEFAULT_FLAGS: LogFlags = { Q: false, X: false, E: false, M: true, json: false };
const ITEM_TYPES: ReadonlySet<string> = new Set<ItemType>(["str", "sint", "bool", "raw"]);

/** Runs of spaces are one separator to HAProxy, and none at all at the beginning of a line. */
export function scanLogFormat(text: string, isKnown: (alias: string) => boolean): ScannedFormat {
  const items: FormatItem[] = [];
  const remarks: LogFormatRemark[] = [];
  let literal = "";
  let defaults = DEFAULT_FLAGS;
  let isJson: boolean | undefined;
  const endLiteral = (): void => {
    if (literal !== "") items.push({ literal });
    literal = "";
  };

  for (let at = 0; at < text.length; ) {
    const character = text[at] as string;
    if (character !== "%") {
      const isRepeatedSpace = character === " " && (literal.endsWith(" ") || (literal === "" && items.length === 0));
      if (!isRepeatedSpace) literal += character;
      at++;
      continue;
    }
    const item = readItem({ text, defaults, isKnown, remarks }, at);
    if (item.kind === "literal") literal += item.literal;
    else if (item.kind === "flags") {
      defaults = item.flags;
      isJson = (isJson ?? true) && defaults.json;
    } else {
      endLiteral();
      items.push(item.item);
    }
    at = item.end;
  }
  endLiteral();
  return { items, isJson: isJson ?? false, remarks };
}

type ReadItem = { readonly end: number } & (
  | { readonly kind: "literal"; readonly literal: string }
  | { readonly kind: "flags"; readonly flags: LogFlags }
  | { readonly kind: "item"; readonly item: FormatItem }
);

const ALIAS = /[A-Za-z0-9]+/y;

interface Scan {
  readonly text: string;
  /** The flags that `%{…}o` has set so far. */
  readonly defaults: LogFlags;
  readonly isKnown: (alias: string) => boolean;
  readonly remarks: LogFormatRemark[];
}

/** Reads what stands at a `%`. */
function readItem(scan: Scan, offset: number): ReadItem {
  const { text, defaults } = scan;
  let at = offset + 1;
  const label = text[at] === "(" ? readLabel(text, at) : undefined;
  at = label?.end ?? at;
  const braces = text[at] === "{" ? readBraces(text, at) : undefined;
  const flags = braces === undefined ? defaults : applyFlags(scan, at + 1, braces.text);
  at = braces?.end ?? at;
  const field = { offset, flags, ...label?.field };

  if (text[at] === "[") {
    const { expression, end } = readSampleExpression(text, at + 1);
    return { kind: "item", item: { ...field, expression }, end: end + 1 };
  }
  ALIAS.lastIndex = at;
  const written = ALIAS.exec(text)?.[0] ?? "";
  const startsAlias = braces === undefined ? /^[A-Za-z]/.test(written) : written !== "";
  if (startsAlias) {
    const end = at + written.length;
    if (written === "o") return { kind: "flags", flags, end };
    return { kind: "item", item: { ...field, alias: aliasOf(scan, at, written) }, end };
  }
  if (braces !== undefined) throw new LogFormatError("After {…} a name or [ must follow", text, at);
  return readPercent(scan, offset, at);
}

/** `%%` is a percent sign. Of `%` before any other sign only that sign is left. */
function readPercent({ text, remarks }: Scan, offset: number, at: number): ReadItem {
  const next = text[at];
  if (next === undefined)
    throw new LogFormatError("The format ends within an item; %% prints a percent sign", text, offset);
  if (next === "%") return { kind: "literal", literal: "%", end: at + 1 };
  if (/[\d \t]/.test(next))
    throw new LogFormatError("After % a name, [ or { must follow; %% prints a percent sign", text, at);
  remarks.push({ offset, says: `HAProxy drops this %, and prints only "${next}"; %% prints a percent sign` });
  return { kind: "literal", literal: "", end: at };
}

function aliasOf({ text, isKnown, remarks }: Scan, at: number, written: string): string {
  if (isKnown(written)) return written;
  const present = presentNameOf(written);
  if (present === undefined) throw new LogFormatError(`HAProxy has no %${written}`, text, at);
  remarks.push({ offset: at, says: `%${written} is the old name of %${present}, which newer versions refuse` });
  return present;
}

interface ReadLabel {
  readonly field: Pick<FormatFieldItem, "label" | "labelType">;
  readonly end: number;
}

/** `(name)`, `(name:type)`, `(:type)`. */
function readLabel(text: string, open: number): ReadLabel {
  const close = text.indexOf(")", open);
  if (close < 0) throw new LogFormatError("The name has no closing parenthesis", text, open);
  const [, label, , type] = /^([\w-]*)(:(.*))?$/.exec(text.slice(open + 1, close)) ?? [];
  if (label === undefined) throw new LogFormatError("A name is made of letters, digits, - and _", text, open + 1);
  if (type !== undefined && !ITEM_TYPES.has(type))
    throw new LogFormatError("The type of a name is str, sint, bool or raw", text, close - type.length);
  const field = {
    ...(label !== "" && { label }),
    ...(type !== undefined && { labelType: type as ItemType }),
  };
  return { field, end: close + 1 };
}

function readBraces(text: string, open: number): { text: string; end: number } {
  const close = text.indexOf("}", open);
  if (close < 0) throw new LogFormatError("The flags have no closing brace", text, open);
  return { text: text.slice(open + 1, close), end: close + 1 };
}

/** `+Q,-E`. HAProxy looks at what follows the last sign before a comma, and passes over what it does not know. */
function applyFlags({ text, defaults, remarks }: Scan, at: number, written: string): LogFlags {
  let flags = defaults;
  let offset = at;
  for (const one of written.split(",")) {
    const sign = Math.max(one.lastIndexOf("+"), one.lastIndexOf("-"));
    const name = one.slice(sign + 1);
    if (name === "cbor" && one[sign] === "+") throw new LogFormatError("Pulse does not read CBOR", text, offset);
    if (sign >= 0 && Object.hasOwn(DEFAULT_FLAGS, name)) flags = { ...flags, [name]: one[sign] === "+" };
    else if (name !== "bin") remarks.push({ offset, says: `HAProxy passes over the flag "${one}"` });
    offset += one.length + 1;
  }
  return flags;
}
