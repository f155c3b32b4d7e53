import type { Aggregation, AggregationResult } from "#core/events/query/aggregation.ts";
import {
  checkBuckets,
  toGroupAggs,
  toGroupSeriesAggs,
  toGroups,
  toSeries,
  toSeriesAggs,
  toValue,
  toValueAggs,
  withSeries,
} from "./aggregation-body.ts";
import type { SearchAnswer } from "./complete-search.ts";

/** Asks for an aggregation, of series in groups twice: the groups must be known first. `ask` asks it of a query. */
export async function askAggregation(
  aggregation: Aggregation,
  ask: (aggs: object) => Promise<SearchAnswer>,
): Promise<AggregationResult> {
  const { aggregator, groupBy, intervalMs } = aggregation;
  if (groupBy === undefined) {
    if (intervalMs !== undefined) {
      const { aggregations } = await ask(toSeriesAggs(aggregator, intervalMs));
      const series = toSeries(aggregator, intervalMs, aggregations);
      checkBuckets([series]);
      return { series };
    }
    const { hits, aggregations } = await ask(toValueAggs(aggregator));
    return { value: toValue(aggregator, hits.total.value, aggregations) };
  }
  const { aggregations } = await ask(toGroupAggs(aggregation, groupBy));
  const groups = toGroups(aggregation, groupBy, aggregations);
  if (intervalMs === undefined || groups.length === 0) return { groups };
  const answer = await ask(toGroupSeriesAggs(aggregation, groupBy, groups, intervalMs));
  const grouped = withSeries(aggregation, groups, intervalMs, answer.aggregations);
  checkBuckets(grouped.map((group) => group.series ?? []));
  return { groups: grouped };
}
