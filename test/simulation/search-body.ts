import type { HeldDocument } from "#test/simulation/simulated-index.ts";

type Source = Readonly<Record<string, unknown>>;
type Test = (source: Source) => boolean;
type SortValue = string | number;

/** The parts of a search that the adapter uses. */
export interface SearchBody {
  readonly query: Clause;
  readonly size?: number;
  readonly from?: number;
  readonly sort?: readonly Readonly<Record<string, "asc" | "desc">>[];
  /** To count only the hits, it is empty. */
  readonly aggs?: object;
  readonly search_after?: readonly SortValue[];
}

type Clause = Readonly<Record<string, unknown>>;

/** The documents that a search answers, in its order, and how many match in all. */
export function searchDocuments(documents: Iterable<HeldDocument>, body: SearchBody) {
  if (Object.keys(body.aggs ?? {}).length > 0) throw new Error("the simulated OpenSearch aggregates nothing");
  const matches = testOf(body.query);
  const found = [...documents].filter(({ source }) => matches(source));
  const order = (body.sort ?? []).flatMap((fields) => Object.entries(fields));
  const compare = (one: readonly SortValue[], other: readonly SortValue[]): number => {
    for (const [place, [, direction]] of order.entries()) {
      const [a, b] = [one[place] as SortValue, other[place] as SortValue];
      if (a !== b) return a < b === (direction === "asc") ? -1 : 1;
    }
    return 0;
  };
  let sorted = found.map((document) => ({ document, keys: order.map(([field]) => sortKey(document.source, field)) }));
  if (order.length > 0) sorted.sort((one, other) => compare(one.keys, other.keys));
  const { search_after: after, from = 0, size = 10 } = body;
  if (after !== undefined) {
    const keys = order.map(([field], place) => comparable(field, after[place]));
    sorted = sorted.filter((one) => compare(one.keys, keys) > 0);
  }
  return { total: found.length, hits: sorted.slice(from, from + size).map(({ document }) => document) };
}

/** Columns of dates: compared as instants, whatever form they are given in. */
const DATES = new Set(["timestamp", "instant", "receivedAt"]);

const comparable = (field: string, value: unknown): SortValue =>
  DATES.has(field) ? Date.parse(value as string) : (value as SortValue);

/** `instant` is a copy of the timestamp, and in no source. */
const sortKey = (source: Source, field: string): SortValue =>
  comparable(field, field === "instant" ? source.timestamp : source[field]);

const valuesOf = (source: Source, field: string): readonly unknown[] => {
  const value = field.split(".").reduce<unknown>((held, name) => (held as Source | undefined)?.[name], source);
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
};

function testOf(clause: Clause): Test {
  const [kind, argument] = Object.entries(clause)[0] as [string, Record<string, unknown>];
  const [field, given] = Object.entries(argument)[0] ?? ["", undefined];
  switch (kind) {
    case "match_all":
      return () => true;
    case "bool":
      return boolTest(argument as { filter?: Clause[]; must_not?: Clause[] });
    case "term":
      return (source) => valuesOf(source, field).includes(given);
    case "terms":
      return (source) => valuesOf(source, field).some((value) => (given as unknown[]).includes(value));
    case "exists":
      return (source) => valuesOf(source, given as string).length > 0;
    case "range":
      return rangeTest(field, given as Record<string, unknown>);
    default:
      throw new Error(`the simulated OpenSearch knows no clause "${kind}"`);
  }
}

function boolTest({ filter = [], must_not: none = [] }: { filter?: Clause[]; must_not?: Clause[] }): Test {
  const wanted = filter.map(testOf);
  const unwanted = none.map(testOf);
  return (source) => wanted.every((test) => test(source)) && !unwanted.some((test) => test(source));
}

function rangeTest(field: string, bounds: Readonly<Record<string, unknown>>): Test {
  const tests = Object.entries(bounds).map(([bound, given]) => {
    const limit = comparable(field, given);
    switch (bound) {
      case "gt":
        return (value: SortValue) => value > limit;
      case "gte":
        return (value: SortValue) => value >= limit;
      case "lt":
        return (value: SortValue) => value < limit;
      case "lte":
        return (value: SortValue) => value <= limit;
      default:
        throw new Error(`the simulated OpenSearch knows no bound "${bound}"`);
    }
  });
  return (source) => valuesOf(source, field).some((value) => tests.every((test) => test(comparable(field, value))));
}
