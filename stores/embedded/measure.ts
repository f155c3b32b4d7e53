import type { SQLInputValue } from "node:sqlite";
import type { AggregatedField } from "#core/events/query/aggregation.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { fromHeld, type Held } from "#stores/embedded/held-fields.ts";
import type { Names, Shelf } from "#stores/embedded/names.ts";
import { type Branch, branchesOf, type QueryPlan } from "#stores/embedded/query-plan.ts";

export type Scalar = string | number | boolean;

/** What is to be learnt of the events of a plan. */
export interface MeasureRequest {
  /** Whose numbers are summed up; without one, events are only counted. */
  readonly field?: AggregatedField;
  /** Whether its values themselves are needed, as for percentiles. */
  readonly values?: boolean;
  readonly keyField?: AggregatedField;
  readonly intervalMs?: number;
}

/** What was learnt of one group and one bucket. An event counts once, however many values it has. */
export interface Measure {
  events: number;
  numbers: number;
  sum: number;
  min: number;
  max: number;
  readonly values: Scalar[];
}

/** By key (null: not grouped), then by the bucket's start in milliseconds (null: no buckets). */
export type Measures = ReadonlyMap<Scalar | null, ReadonlyMap<number | null, Measure>>;

type SummaryRow = [key: Held | null, bucket: number | null, events: number, numbers: number, ...numbers: number[]];
type ValueRow = [key: Held | null, bucket: number | null, value: Held];

/** Sums up branch by branch in SQL, and the branches here. */
export function measure(database: EmbeddedDatabase, names: Names, plan: QueryPlan, request: MeasureRequest): Measures {
  const measures = new Map<Scalar | null, Map<number | null, Measure>>();
  for (const branch of branchesOf(plan)) {
    const source = sourceOf(names, branch, request);
    if (source === undefined) continue;
    const { key, bucket, value, number, isFirst, from, parameters } = source;
    const isGrouped = key !== NOTHING || bucket !== NOTHING;

    const summary = `
      SELECT ${key}, ${bucket}, total(${isFirst}), count(${number}), sum(${number}), min(${number}), max(${number})
      ${from} ${isGrouped ? "GROUP BY 1, 2" : ""}`;
    for (const [held, start, events, numbers, sum, min, max] of rows<SummaryRow>(database, summary, parameters)) {
      const found = measureAt(measures, held, start);
      found.events += events;
      if (numbers === 0) continue;
      found.numbers += numbers;
      found.sum += sum as number;
      found.min = Math.min(found.min, min as number);
      found.max = Math.max(found.max, max as number);
    }
    if (!request.values) continue;
    const listing = `SELECT ${key}, ${bucket}, ${value} ${from} AND ${value} IS NOT NULL`;
    for (const [held, start, one] of rows<ValueRow>(database, listing, parameters))
      measureAt(measures, held, start).values.push(fromHeld(one));
  }
  return measures;
}

/** What was learnt of a tag's events, and of those among them that have each inner tag. */
export interface TagMeasure {
  readonly all: Measure;
  readonly inner: Map<string, Measure>;
}

type TaggedRow = [tags: string, isFirst: number, number: number | null, value: Held | null];

/** Goes once through the events, whatever the number of groups: for a query that means few of them. */
export function measureByTag(
  database: EmbeddedDatabase,
  names: Names,
  plan: QueryPlan,
  request: MeasureRequest,
  { generic, inner }: { readonly generic?: string; readonly inner?: string },
): ReadonlyMap<string, TagMeasure> {
  const groups = new Map<string, TagMeasure>();
  for (const branch of branchesOf(plan)) {
    const source = sourceOf(names, branch, request);
    if (source === undefined) continue;
    const { isFirst, number, value, from, parameters } = source;
    const listing = `SELECT (SELECT tags FROM event WHERE event.seq = d.seq), ${isFirst}, ${number}, ${value} ${from}`;
    for (const row of rows<TaggedRow>(database, listing, parameters)) {
      const tags = [...new Set(JSON.parse(row[0]) as string[])];
      const innerTags = inner === undefined ? [] : tags.filter(isOf(inner));
      for (const tag of generic === undefined ? tags : tags.filter(isOf(generic))) {
        const group = getOr(groups, tag, () => ({ all: newMeasure(), inner: new Map() }));
        addRow(group.all, row);
        for (const innerTag of innerTags) addRow(getOr(group.inner, innerTag, newMeasure), row);
      }
    }
  }
  return groups;
}

const isOf =
  (generic: string) =>
  (tag: string): boolean =>
    tag.startsWith(`${generic}:`);

function addRow(found: Measure, [, isFirst, number, value]: TaggedRow): void {
  found.events += isFirst;
  if (value !== null) found.values.push(fromHeld(value));
  if (number === null) return;
  found.numbers++;
  found.sum += number;
  found.min = Math.min(found.min, number);
  found.max = Math.max(found.max, number);
}

function getOr<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

const newMeasure = (): Measure => ({
  events: 0,
  numbers: 0,
  sum: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
  values: [],
});

function rows<Row>(database: EmbeddedDatabase, sql: string, parameters: readonly SQLInputValue[]): Iterable<Row> {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement.iterate(...parameters) as Iterable<unknown> as Iterable<Row>;
}

function measureAt(
  measures: Map<Scalar | null, Map<number | null, Measure>>,
  held: Held | null,
  bucket: number | null,
): Measure {
  const key = held === null ? null : fromHeld(held);
  const buckets = getOr(measures, key, () => new Map<number | null, Measure>());
  return getOr(buckets, bucket, newMeasure);
}

const NOTHING = "NULL";

/** The rows to sum up, one per event, key and value, and what of them is meant; all SQL. */
interface Source {
  readonly key: string;
  readonly bucket: string;
  readonly value: string;
  /** The value where it is a number. */
  readonly number: string;
  /** 1 on one row of each event and key, 0 on its others. */
  readonly isFirst: string;
  readonly from: string;
  readonly parameters: readonly SQLInputValue[];
}

/** Undefined where no event of the branch can have a key. */
function sourceOf(names: Names, { shelf, sql, parameters }: Branch, request: MeasureRequest): Source | undefined {
  const { field, keyField, intervalMs } = request;
  const before: SQLInputValue[] = [];
  let from = "FROM tagged d";
  let where = sql;
  let key = NOTHING;
  let bucket = NOTHING;
  let value = NOTHING;
  let number = NOTHING;
  let isFirst = "1";

  if (intervalMs !== undefined) {
    bucket = "d.ts - (d.ts % ? + ?) % ?"; // rounds down before 1970 too
    before.push(intervalMs, intervalMs, intervalMs);
  }
  if (keyField?.kind === "number") {
    key = "d.number";
    where += " AND d.number IS NOT NULL";
  } else if (keyField !== undefined) {
    const fieldId = fieldIdOf(names, shelf, keyField);
    if (fieldId === undefined) return undefined;
    key = "k.held";
    from += " CROSS JOIN field k ON k.field_id = ? AND k.seq = d.seq AND NOT k.repeated";
    before.push(fieldId);
  }
  if (field?.kind === "number") {
    value = "d.number";
    number = value;
  } else if (field !== undefined) {
    value = "v.held";
    number = "iif(typeof(v.held) = 'real', v.held, NULL)";
    isFirst = "coalesce(v.place, 0) = 0";
    from += " LEFT JOIN field v ON v.field_id = ? AND v.seq = d.seq";
    before.push(fieldIdOf(names, shelf, field) ?? null);
  }
  return {
    key,
    bucket,
    value,
    number,
    isFirst,
    from: `${from} WHERE ${where}`,
    parameters: [...before, ...parameters],
  };
}

/** A shelf keeps declared fields or, where none are declared, leaves. */
function fieldIdOf(
  names: Names,
  shelf: Shelf,
  field: Exclude<AggregatedField, { kind: "number" }>,
): number | undefined {
  const isDeclared = shelf.declaredFields !== undefined;
  if (field.kind === "leaf") return isDeclared ? undefined : names.fieldId(shelf, field.path);
  return isDeclared ? names.fieldId(shelf, field.name) : undefined;
}
