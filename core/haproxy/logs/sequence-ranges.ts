import { RECEIPT_BLOCK_LINES, type SequenceRange } from "#core/haproxy/logs/log-record.ts";

export const linesIn = ({ from, to }: SequenceRange): number => to - from + 1;

export const countOf = (ranges: readonly SequenceRange[]): number =>
  ranges.reduce((sum, range) => sum + linesIn(range), 0);

export const isAmong = (ranges: readonly SequenceRange[], number: number): boolean =>
  ranges.some(({ from, to }) => from <= number && number <= to);

/** What of a range lies in another; undefined when nothing does. */
export function overlap<Range extends SequenceRange>(range: Range, { from, to }: SequenceRange): Range | undefined {
  const shared = { ...range, from: Math.max(range.from, from), to: Math.min(range.to, to) };
  return shared.from <= shared.to ? shared : undefined;
}

/** In order, with no two that touch. */
export function joined(ranges: readonly SequenceRange[]): SequenceRange[] {
  const result: SequenceRange[] = [];
  for (const { from, to } of [...ranges].sort((one, other) => one.from - other.from)) {
    const last = result.at(-1);
    if (last !== undefined && from <= last.to + 1) result[result.length - 1] = { ...last, to: Math.max(last.to, to) };
    else result.push({ from, to });
  }
  return result;
}

/** What lies between the ranges. */
export function gapsBetween(ranges: readonly SequenceRange[]): SequenceRange[] {
  const [first, ...others] = joined(ranges);
  let end = first?.to ?? 0;
  return others.map(({ from, to }) => {
    const gap = { from: end + 1, to: from - 1 };
    end = to;
    return gap;
  });
}

/** The blocks that a range falls into, by their number, each with what of the range is in it. */
export function* blocksOf({ from, to }: SequenceRange): Generator<{ readonly block: number } & SequenceRange> {
  for (let next = from; next <= to; ) {
    const block = Math.floor(next / RECEIPT_BLOCK_LINES);
    const end = Math.min(to, (block + 1) * RECEIPT_BLOCK_LINES - 1);
    yield { block, from: next, to: end };
    next = end + 1;
  }
}
