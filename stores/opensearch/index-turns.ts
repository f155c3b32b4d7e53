/**
 * Whoever writes to an index at the same time as another makes OpenSearch begin one more segment, and all of them must be
 * merged: so an index is written to by one bulk after the other.
 */
export class IndexTurns {
  /** Index → the end of the last turn that was asked for. */
  readonly #ends = new Map<string, Promise<unknown>>();

  /** Does it when all who asked for one of these indices before are through. */
  take<Result>(indices: Iterable<string>, work: () => Promise<Result>): Promise<Result> {
    const wanted = [...indices];
    const result = Promise.all(wanted.map((index) => this.#ends.get(index))).then(work);
    const end: Promise<void> = result.then(
      () => this.#leave(wanted, end),
      () => this.#leave(wanted, end),
    );
    for (const index of wanted) this.#ends.set(index, end);
    return result;
  }

  #leave(indices: readonly string[], end: Promise<unknown>): void {
    for (const index of indices) if (this.#ends.get(index) === end) this.#ends.delete(index);
  }
}

/** Entries that go together, and where they stood. */
export interface IndexGroup<Placed> {
  readonly indices: ReadonlySet<string>;
  readonly placed: readonly Placed[];
  readonly places: readonly number[];
}

/** Parts the entries in two halves that have no index in common, or leaves them together where there is but one. */
export function groupsByIndex<Placed extends { readonly index: string }>(
  placed: readonly Placed[],
): readonly IndexGroup<Placed>[] {
  const counts = new Map<string, number>();
  for (const { index } of placed) counts.set(index, (counts.get(index) ?? 0) + 1);
  // In the order of their names, so that one part's halves are the next one's too.
  const names = [...counts.keys()].sort();
  const first = new Set<string>();
  let inFirst = 0;
  for (const name of names.slice(0, -1)) {
    if (inFirst * 2 >= placed.length) break;
    first.add(name);
    inFirst += counts.get(name) as number;
  }
  const second = new Set(names.filter((name) => !first.has(name)));
  return [first, second].filter(({ size }) => size > 0).map((indices) => groupOf(indices, placed));
}

function groupOf<Placed extends { readonly index: string }>(
  indices: ReadonlySet<string>,
  placed: readonly Placed[],
): IndexGroup<Placed> {
  const places = placed.flatMap(({ index }, place) => (indices.has(index) ? [place] : []));
  return { indices, places, placed: places.map((place) => placed[place] as Placed) };
}

/** The answers of all groups, each at its entry's place. */
export function inPlaces<Answer>(
  groups: readonly IndexGroup<unknown>[],
  answers: readonly (readonly Answer[])[],
): readonly Answer[] {
  const all: Answer[] = [];
  for (const [group, { places }] of groups.entries())
    for (const [at, place] of places.entries()) all[place] = answers[group]?.[at] as Answer;
  return all;
}
