import { type Text, unescapeHash } from "#core/haproxy/parser/text.ts";

/** Captured headers between two braces: `{a||b}`. */
export interface HeaderBlock {
  readonly printed: readonly string[];
  /** What was sent; null for a header that was not. */
  readonly decoded: readonly (Text | null)[];
  /** Where the closing brace stands. */
  readonly at: number;
}

/**
 * The block whose first header stands at `from`. HAProxy encodes braces within: undefined where one stands, for then
 * the line is not what it seems. Arrays are written out: one that grows has room for sixteen. (Searching for each
 * character takes two thirds of the time of looking at each byte.)
 */
export function readBlock(text: string, from: number): HeaderBlock | undefined {
  const at = text.indexOf("}", from);
  const brace = text.indexOf("{", from);
  if (at < 0 || (brace >= 0 && brace < at)) return undefined;
  const hash = text.indexOf("#", from);
  const isPlain = hash < 0 || hash > at;
  const first = text.indexOf("|", from);
  if (first < 0 || first > at) {
    const one = text.slice(from, at);
    return { printed: [one], decoded: [decode(one, isPlain)], at };
  }
  const second = text.indexOf("|", first + 1);
  const one = text.slice(from, first);
  if (second < 0 || second > at) {
    const two = text.slice(first + 1, at);
    return { printed: [one, two], decoded: [decode(one, isPlain), decode(two, isPlain)], at };
  }
  const third = text.indexOf("|", second + 1);
  const two = text.slice(first + 1, second);
  if (third < 0 || third > at) {
    const three = text.slice(second + 1, at);
    const decoded = [decode(one, isPlain), decode(two, isPlain), decode(three, isPlain)];
    return { printed: [one, two, three], decoded, at };
  }
  const printed = text.slice(from, at).split("|");
  return { printed, decoded: printed.map((header) => decode(header, isPlain)), at };
}

const decode = (printed: string, isPlain: boolean): Text | null =>
  printed === "" ? null : isPlain ? printed : unescapeHash(printed);
