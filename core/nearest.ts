/**
 * The known name that a misspelt one most likely means, if any comes near: another case, plural or punctuation
 * (`tags`, `tag[]`, `perPage`), or a slip of a letter, two in a name of eight or more. Names of up to three letters
 * differ by a letter from too much that means something else.
 */
export function nearest<Name extends string>(name: string, known: readonly Name[]): Name | undefined {
  if (name.length > MAX_CHARACTERS) return undefined;
  const asked = bare(name);
  let best: Name | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const one of known) {
    const meant = bare(one);
    const slips = slipsBetween(asked, meant);
    if (slips <= toleratedIn(meant) && slips < fewest) [best, fewest] = [one, slips];
  }
  return best;
}

const MAX_CHARACTERS = 100;

const bare = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, "")
    .replace(/s$/, "");

const toleratedIn = ({ length }: string): number => (length <= 3 ? 0 : length < 8 ? 1 : 2);

/** Letters to put in, leave out, replace, or swap with the next, each once (optimal string alignment). */
function slipsBetween(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const isSame = one[i - 1] === other[j - 1];
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      next[j] = Math.min(
        (row[j] as number) + 1,
        (next[j - 1] as number) + 1,
        (row[j - 1] as number) + (isSame ? 0 : 1),
        isSwapped ? (before[j - 2] as number) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = row;
    row = next;
  }
  return row[other.length] as number;
}
