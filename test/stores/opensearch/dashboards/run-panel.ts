import type { Client } from "@opensearch-project/opensearch";
import { request } from "#stores/opensearch/client.ts";
import type { SavedObject } from "#stores/opensearch/dashboards/saved-object.ts";

/** What a search answered for one panel: the innermost buckets and their numbers. */
export interface PanelAnswer {
  readonly total: number;
  readonly rows: readonly {
    readonly keys: readonly string[];
    readonly numbers: Readonly<Record<string, number | null>>;
  }[];
}

interface Agg {
  readonly id: string;
  readonly type: string;
  readonly schema: string;
  readonly params: Readonly<Record<string, unknown>>;
}

interface SearchSource {
  readonly filter: readonly { readonly query: object; readonly meta: { readonly indexRefName: string } }[];
  readonly indexRefName?: string;
}

/**
 * Asks OpenSearch what OpenSearch Dashboards would ask for a visualization: its buckets one in the other in their
 * order, its numbers in the innermost, its filters and those of the search it is built on. (buildOpenSearchQuery and
 * AggConfigs.toDsl of src/plugins/data/common, as far as Pulse's panels go.)
 */
export async function runVisualization(
  client: Client,
  objects: readonly SavedObject[],
  { attributes, references }: SavedObject,
): Promise<PanelAnswer> {
  const { aggs } = JSON.parse(attributes.visState as string) as { readonly aggs: readonly Agg[] };
  const own = searchSourceOf(attributes);
  const search = objects.find(
    (one) => one.type === "search" && isReferred(one, references, attributes.savedSearchRefName),
  );
  const inherited = search && searchSourceOf(search.attributes);
  const pattern = objects.find(
    (one) =>
      one.type === "index-pattern" &&
      (search === undefined
        ? isReferred(one, references, own.indexRefName)
        : isReferred(one, search.references, inherited?.indexRefName)),
  );
  if (pattern === undefined) throw new Error("the panel has no index pattern");
  const filters = [...(inherited?.filter ?? []), ...own.filter].map(({ query }) => query);
  return runAggs(client, pattern.attributes.title as string, filters, aggs);
}

const searchSourceOf = (attributes: SavedObject["attributes"]): SearchSource =>
  JSON.parse(
    (attributes.kibanaSavedObjectMeta as { readonly searchSourceJSON: string }).searchSourceJSON,
  ) as SearchSource;

const isReferred = ({ type, id }: SavedObject, references: SavedObject["references"], name: unknown): boolean =>
  references.some((reference) => reference.name === name && reference.type === type && reference.id === id);

const isMetric = ({ schema }: Agg): boolean => schema === "metric";

type AggBody = Record<string, object>;
// biome-ignore lint/suspicious/noExplicitAny: an answer is as its aggregations are
type Answered = any;

export async function runAggs(
  client: Client,
  indices: string,
  filters: readonly object[],
  aggs: readonly Agg[],
): Promise<PanelAnswer> {
  const metrics = aggs.filter(isMetric);
  const buckets = aggs.filter((agg) => !isMetric(agg));
  const innermost: AggBody = Object.fromEntries(
    metrics
      .filter(({ type }) => type !== "count")
      .map(({ id, type, params }) => [id, { [type]: metricParams(params) }]),
  );
  const nested = buckets.reduceRight<AggBody>(
    (inner, bucket) => ({ [bucket.id]: { ...bucketBody(bucket, metrics), aggs: inner } }),
    innermost,
  );
  const { body } = await request<Answered>(client, {
    method: "POST",
    path: `/${indices}/_search`,
    body: { size: 0, track_total_hits: true, query: { bool: { filter: filters } }, aggs: nested },
  });
  const rows: { keys: string[]; numbers: Record<string, number | null> }[] = [];
  const walk = (answer: Answered, [bucket, ...rest]: readonly Agg[], keys: string[]): void => {
    if (bucket === undefined) rows.push({ keys, numbers: numbersOf(answer, metrics) });
    else
      for (const [key, one] of bucketsOf(answer[bucket.id].buckets))
        walk(one, rest, [...keys, String(one.key_as_string ?? one.key ?? key)]);
  };
  walk({ doc_count: body.hits.total.value, ...body.aggregations }, buckets, []);
  return { total: body.hits.total.value, rows };
}

const bucketsOf = (buckets: Answered): [string, Answered][] => Object.entries(buckets);

function metricParams({ field, percents }: Agg["params"]): object {
  return { field, ...(percents !== undefined && { percents }) };
}

function bucketBody({ type, params }: Agg, metrics: readonly Agg[]): object {
  const { field, include, size, order, orderBy, filters } = params;
  if (type === "date_histogram") return { date_histogram: { field, fixed_interval: "1m", min_doc_count: 1 } };
  if (type === "filters") return { filters: { filters } };
  if (type !== "terms") throw new Error(`no panel of Pulse has ${type}`);
  const ordering = metrics.find(({ id }) => id === orderBy);
  if (ordering?.type !== "count") throw new Error("a split is ordered by its first number, which must be a count");
  return { terms: { field, ...(include !== undefined && { include }), size, order: { _count: order } } };
}

function numbersOf(answer: Answered, metrics: readonly Agg[]): Record<string, number | null> {
  return Object.fromEntries(
    metrics.map(({ id, type, params }) => [params.customLabel as string, numberOf(answer, id, type)]),
  );
}

function numberOf(answer: Answered, id: string, type: string): number | null {
  if (type === "count") return answer.doc_count;
  if (type === "percentiles") return Object.values(answer[id].values as Record<string, number | null>)[0] ?? null;
  return answer[id].value;
}
