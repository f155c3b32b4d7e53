/** A number inside an object: its keys joined by dots. */
export interface Leaf {
  readonly path: string;
  readonly number: number;
}

export interface ValueNumbers {
  /** The value itself, where it is a finite number. */
  readonly number?: number;
  /**
   * The first 256 finite numbers inside objects, in the order of JSON.parse; arrays are looked through. Those whose
   * path has more than 1,024 characters are passed over.
   */
  readonly leaves: readonly Leaf[];
}

const MAX_LEAVES = 256;
/** Every leaf repeats its path: without a bound, an event of 256 KiB was indexed as 60 MB. */
const MAX_PATH_CHARACTERS = 1024;
const NONE: ValueNumbers = { leaves: [] };
const BEGINS_NUMBER = /^[-0-9]/;

/** Minus zero becomes zero: as a key of groups, one engine tells them apart and the other does not. */
const withoutMinusZero = (number: number): number => number + 0;

/** What an engine can aggregate of a value, given its JSON text. */
export function valueNumbers(value: string | undefined): ValueNumbers {
  if (value === undefined) return NONE;
  if (BEGINS_NUMBER.test(value)) {
    const number = Number(value);
    return Number.isFinite(number) ? { number: withoutMinusZero(number), leaves: [] } : NONE;
  }
  if (value.charCodeAt(0) !== 0x7b && value.charCodeAt(0) !== 0x5b) return NONE;
  return { leaves: leavesOf(JSON.parse(value)) };
}

/** Walks with a stack of its own: values may nest deeper than calls can. */
function leavesOf(root: unknown): Leaf[] {
  const leaves: Leaf[] = [];
  const pending: { path: string | undefined; node: unknown }[] = [{ path: undefined, node: root }];
  for (let next = pending.pop(); next !== undefined && leaves.length < MAX_LEAVES; next = pending.pop()) {
    const { path, node } = next;
    if (typeof node === "number") {
      if (path !== undefined && Number.isFinite(node)) leaves.push({ path, number: withoutMinusZero(node) });
    } else if (Array.isArray(node)) {
      for (let index = node.length - 1; index >= 0; index--) pending.push({ path, node: node[index] });
    } else if (typeof node === "object" && node !== null) {
      const keys = Object.keys(node);
      for (let index = keys.length - 1; index >= 0; index--) {
        const key = keys[index] as string;
        const below = path === undefined ? key : `${path}.${key}`;
        if (below.length <= MAX_PATH_CHARACTERS)
          pending.push({ path: below, node: (node as Record<string, unknown>)[key] });
      }
    }
  }
  return leaves;
}
