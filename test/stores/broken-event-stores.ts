import type { Event } from "#core/events/event.ts";
import { type JournalEntry, type JournalPoint, toSeq } from "#core/events/event-journal.ts";
import type {
  EventPage,
  EventQuery,
  EventStore,
  EventTypeSummary,
  Kept,
  PageRequest,
  TailPage,
} from "#core/events/event-store.ts";
import type { Aggregation, AggregationResult } from "#core/events/query/aggregation.ts";
import type { Cursor } from "#core/events/query/cursor.ts";
import type { EventFilter } from "#core/events/query/event-filter.ts";
import type { Position } from "#core/events/stream/position.ts";
import { aggregateNaively } from "#test/stores/naive-aggregate.ts";
import { NaiveEventStore } from "#test/stores/naive-event-store.ts";

/** A store that breaks one promise, by the fault an engine might have. */
export interface BrokenEventStore {
  readonly fault: string;
  readonly open: () => EventStore;
}

type TailQuestion = [filter: EventFilter, after: Position, limit: number, receivedFromMs?: number | undefined];

export const SAME_ID_FAULT = "takes the same id in two namespaces for the same event";
export const SHARD_ORDER_FAULT = "tails a shard before one that had ended when it began";
const END_OF_SHARD = toSeq("9".repeat(56), 99_999);

/** Asks the naive store another question than the one that was asked. */
const misreading = (fault: string, misread: (query: EventQuery) => EventQuery): BrokenEventStore => ({
  fault,
  open: () =>
    new (class extends NaiveEventStore {
      protected override isMeant(query: EventQuery, event: Event): boolean {
        return super.isMeant(misread(query), event);
      }
    })(),
});

/** Tails by another filter than the one that was given. */
const mistailing = (fault: string, mistail: (...asked: TailQuestion) => TailQuestion): BrokenEventStore => ({
  fault,
  open: () =>
    new (class extends NaiveEventStore {
      override tail(...asked: TailQuestion): Promise<TailPage> {
        const [filter, after, limit, receivedFromMs] = mistail(...asked);
        return receivedFromMs === undefined
          ? super.tail(filter, after, limit)
          : super.tail(filter, after, limit, receivedFromMs);
      }
    })(),
});

/** Keeps something else than it was given. */
const miskeeping = (fault: string, miskeep: (event: Event) => Event): BrokenEventStore => ({
  fault,
  open: () =>
    new (class extends NaiveEventStore {
      override keep(entries: readonly JournalEntry[]): Promise<readonly Kept[]> {
        return super.keep(entries.map((entry) => ({ ...entry, event: miskeep(entry.event) })));
      }
    })(),
});

/** Aggregates other events, or otherwise. */
const misaggregating = (
  fault: string,
  misaggregate: (events: readonly Event[], aggregation: Aggregation) => AggregationResult,
): BrokenEventStore => ({
  fault,
  open: () =>
    new (class extends NaiveEventStore {
      override async aggregate(query: EventQuery, aggregation: Aggregation): Promise<AggregationResult> {
        const { events } = await this.search(query, { offset: 0, limit: 100_000 });
        return misaggregate(events, aggregation);
      }
    })(),
});

/** As a column would that reads a text as the number it spells. */
const withStatusRead = (event: Event): Event => ({
  ...event,
  ...(event.value !== undefined && { value: event.value.replace(/"ST":"(\d+)"/, '"ST":$1') }),
});

const withoutGeneric = ({ groupBy, ...rest }: Aggregation): Aggregation => ({ ...rest, groupBy: { by: "tag" } });

export const brokenEventStores: readonly BrokenEventStore[] = [
  misreading("begins a time one millisecond late", ({ fromMs, ...query }) =>
    fromMs === undefined ? query : { ...query, fromMs: fromMs + 1 },
  ),
  misreading("ends a time one millisecond early", ({ toMs, ...query }) =>
    toMs === undefined ? query : { ...query, toMs: toMs - 1 },
  ),
  misreading("begins the time of acceptance one millisecond late", ({ receivedFromMs, ...query }) =>
    receivedFromMs === undefined ? query : { ...query, receivedFromMs: receivedFromMs + 1 },
  ),
  misreading("ends the time of acceptance one millisecond early", ({ receivedToMs, ...query }) =>
    receivedToMs === undefined ? query : { ...query, receivedToMs: receivedToMs - 1 },
  ),
  misreading("takes one of the tags for all of them", (query) =>
    query.any.length > 0 ? query : { ...query, tags: [], any: query.tags },
  ),
  misreading("ignores `any`", (query) => ({ ...query, any: [] })),
  misreading("ignores `none`", (query) => ({ ...query, none: [] })),
  misreading("ignores `numeric`", ({ numeric, ...query }) => query),
  misreading("ignores conditions", (query) => ({ ...query, conditions: [] })),
  misreading("lists haproxy events with the others", (query) =>
    query.types.length > 0 ? query : { ...query, types: ["event", "metrics", "health", "haproxy", "deploy", "Deploy"] },
  ),
  {
    fault: "finds a text in a field of numbers as the number it spells",
    open: () =>
      new (class extends NaiveEventStore {
        protected override isMeant(query: EventQuery, event: Event): boolean {
          return super.isMeant(query, withStatusRead(event));
        }
      })(),
  },
  {
    fault: "takes types without their case",
    open: () =>
      new (class extends NaiveEventStore {
        protected override isMeant(query: EventQuery, event: Event): boolean {
          const types = query.types.map((type) => type.toLowerCase());
          return super.isMeant({ ...query, types }, { ...event, type: event.type.toLowerCase() });
        }
      })(),
  },
  {
    fault: "orders ties by id ascending",
    open: () =>
      new (class extends NaiveEventStore {
        protected override compare(one: Cursor, other: Cursor): number {
          return other.timestampMs - one.timestampMs || (one.id < other.id ? -1 : 1);
        }
      })(),
  },
  {
    fault: "goes on after a cursor's whole millisecond",
    open: () =>
      new (class extends NaiveEventStore {
        protected override follows(event: Event, cursor: Cursor): boolean {
          return event.timestampMs < cursor.timestampMs;
        }
      })(),
  },
  {
    fault: "goes on with a cursor's own event",
    open: () =>
      new (class extends NaiveEventStore {
        protected override follows(event: Event, cursor: Cursor): boolean {
          return event.timestampMs <= cursor.timestampMs && event.id <= cursor.id;
        }
      })(),
  },
  {
    fault: "answers the total of the page",
    open: () =>
      new (class extends NaiveEventStore {
        override async search(query: EventQuery, page: PageRequest): Promise<EventPage> {
          const { events } = await super.search(query, page);
          return { events, total: events.length };
        }
      })(),
  },
  {
    fault: "answers the total of what follows a cursor",
    open: () =>
      new (class extends NaiveEventStore {
        override async search(query: EventQuery, page: PageRequest): Promise<EventPage> {
          if ("offset" in page) return super.search(query, page);
          const rest = await super.search(query, { ...page, limit: 100_000 });
          return { events: rest.events.slice(0, page.limit), total: rest.events.length };
        }
      })(),
  },
  {
    fault: "keeps repeated entries again",
    open: () =>
      new (class extends NaiveEventStore {
        #kept = 0;
        protected override identity(): string {
          return String(this.#kept++);
        }
      })(),
  },
  {
    fault: SAME_ID_FAULT,
    open: () =>
      new (class extends NaiveEventStore {
        protected override identity(event: Event): string {
          return event.id;
        }
      })(),
  },
  miskeeping("prints values anew", (event) =>
    event.value === undefined ? event : { ...event, value: JSON.stringify(JSON.parse(event.value)) },
  ),
  miskeeping("forgets the order of tags", (event) => ({ ...event, tags: [...event.tags].sort() })),
  miskeeping("cuts tags at a NUL", (event) => ({ ...event, tags: event.tags.map((tag) => tag.split("\0")[0] ?? "") })),
  miskeeping("normalises tags", (event) => ({ ...event, tags: event.tags.map((tag) => tag.normalize()) })),
  miskeeping("prints timestamps anew", (event) => ({
    ...event,
    timestamp: new Date(event.timestampMs).toISOString(),
  })),
  {
    fault: "finds events of other namespaces",
    open: () =>
      new (class extends NaiveEventStore {
        override async find(_namespace: string, id: string): Promise<Event | undefined> {
          return this.events((event) => event.id === id)[0];
        }
      })(),
  },
  {
    fault: "sums up types without their case",
    open: () =>
      new (class extends NaiveEventStore {
        override async eventTypes(namespace: string): Promise<readonly EventTypeSummary[]> {
          const summaries = await super.eventTypes(namespace);
          return summaries.map((summary) => ({ ...summary, type: summary.type.toLowerCase() }));
        }
      })(),
  },
  {
    fault: "tails past the checkpoint",
    open: () =>
      new (class extends NaiveEventStore {
        protected override isPending(point: JournalPoint, from: string): boolean {
          return point.seq > from;
        }
      })(),
  },
  {
    fault: "tails the last entry of a position again",
    open: () =>
      new (class extends NaiveEventStore {
        protected override isPending(point: JournalPoint, from: string, checkpoint: string): boolean {
          return point.seq >= from && point.seq <= checkpoint;
        }
      })(),
  },
  {
    fault: "stops short of the checkpoint",
    open: () =>
      new (class extends NaiveEventStore {
        protected override isPending(point: JournalPoint, from: string, checkpoint: string): boolean {
          return point.seq > from && point.seq < checkpoint;
        }
      })(),
  },
  {
    fault: "begins a shard that the position does not name at its end",
    open: () =>
      new (class extends NaiveEventStore {
        protected override startOf(): string {
          return END_OF_SHARD;
        }
      })(),
  },
  {
    fault: "lets a checkpoint go back",
    open: () =>
      new (class extends NaiveEventStore {
        protected override supersedes(): boolean {
          return true;
        }
      })(),
  },
  {
    fault: "tails entries that have no place in the journal",
    open: () =>
      new (class extends NaiveEventStore {
        override keep(entries: readonly JournalEntry[]): Promise<readonly Kept[]> {
          const shard = entries.find((entry) => entry.point)?.point?.shard ?? "events/none";
          return super.keep(entries.map((entry) => ({ point: { shard, seq: toSeq(0, 1) }, ...entry })));
        }
      })(),
  },
  {
    fault: "tails in the order of timestamps",
    open: () =>
      new (class extends NaiveEventStore {
        override async tail(...asked: TailQuestion): Promise<TailPage> {
          const page = await super.tail(...asked);
          const byTime = [...page.entries].sort((one, other) => one.event.timestampMs - other.event.timestampMs);
          return { ...page, entries: byTime };
        }
      })(),
  },
  {
    fault: "stays where it is after a page without matches",
    open: () =>
      new (class extends NaiveEventStore {
        override async tail(...asked: TailQuestion): Promise<TailPage> {
          const page = await super.tail(...asked);
          return page.entries.length > 0 ? page : { ...page, position: asked[1] };
        }
      })(),
  },
  {
    fault: SHARD_ORDER_FAULT,
    open: () =>
      new (class extends NaiveEventStore {
        protected override inOrder(checkpoints: ReadonlyMap<string, string>) {
          return [...checkpoints].reverse();
        }
      })(),
  },
  {
    fault: "takes the first page of a tail for all of it",
    open: () =>
      new (class extends NaiveEventStore {
        override async tail(...asked: TailQuestion): Promise<TailPage> {
          return { ...(await super.tail(...asked)), caughtUp: true };
        }
      })(),
  },
  mistailing("tails more than was asked for", (filter, after, limit, fromMs) => [filter, after, limit + 1, fromMs]),
  mistailing("ignores in a tail when events were accepted", (filter, after, limit) => [filter, after, limit]),
  mistailing("ignores the filter of a tail", ({ namespace }, after, limit, fromMs) => [
    { namespace, tags: [], any: [], none: [], types: [], conditions: [] },
    after,
    limit,
    fromMs,
  ]),
  misaggregating("counts only numbers", (events, aggregation) =>
    aggregateNaively(
      events.filter((event) => /^[-\d]/.test(event.value ?? "")),
      aggregation,
    ),
  ),
  misaggregating("sums up a text in a field of numbers as the number it spells", (events, aggregation) =>
    aggregateNaively(events.map(withStatusRead), aggregation),
  ),
  misaggregating("answers 0 where there is nothing to aggregate", (events, aggregation) => {
    const answer = aggregateNaively(events, aggregation);
    return "value" in answer && answer.value === null ? { value: 0 } : answer;
  }),
  misaggregating("answers every group there is", (events, aggregation) =>
    aggregateNaively(events, { ...aggregation, size: 1000 }),
  ),
  misaggregating("orders groups of the same size by key descending", (events, aggregation) => {
    const answer = aggregateNaively(events, aggregation);
    return "groups" in answer ? { groups: answer.groups.toReversed().sort((a, b) => b.count - a.count) } : answer;
  }),
  misaggregating("groups by every tag where a generic one was named", (events, aggregation) =>
    aggregateNaively(events, aggregation.groupBy?.by === "tag" ? withoutGeneric(aggregation) : aggregation),
  ),
  misaggregating("makes the inner groups of all events for each group", (events, aggregation) => {
    const answer = aggregateNaively(events, aggregation);
    const { groupBy } = aggregation;
    if (groupBy?.by !== "tag" || groupBy.inner === undefined || !("groups" in answer)) return answer;
    const inner = aggregateNaively(events, { ...aggregation, groupBy: { by: "tag", generic: groupBy.inner } });
    return { groups: answer.groups.map((group) => ({ ...group, groups: "groups" in inner ? inner.groups : [] })) };
  }),
  misaggregating("forgets the series of groups", (events, { intervalMs, ...aggregation }) =>
    aggregateNaively(
      events,
      aggregation.groupBy || intervalMs === undefined ? aggregation : { ...aggregation, intervalMs },
    ),
  ),
  misaggregating("counts intervals from the first event", (events, aggregation) => {
    const { intervalMs } = aggregation;
    const first = Math.min(...events.map((event) => event.timestampMs));
    if (intervalMs === undefined || events.length === 0) return aggregateNaively(events, aggregation);
    const offset = first - Math.floor(first / intervalMs) * intervalMs;
    return aggregateNaively(
      events.map((event) => ({ ...event, timestampMs: event.timestampMs - offset })),
      aggregation,
    );
  }),
  misaggregating("rounds the intervals before 1970 towards it", (events, aggregation) =>
    aggregateNaively(
      events.map((event) =>
        event.timestampMs < 0
          ? { ...event, timestampMs: event.timestampMs + (aggregation.intervalMs ?? 0) - 1 }
          : event,
      ),
      aggregation,
    ),
  ),
  misaggregating("answers percentiles a rank too high", (events, aggregation) =>
    aggregateNaively(events, aggregation, () => 1),
  ),
  misaggregating("knows no numbers inside objects", (events, aggregation) =>
    aggregateNaively(
      events.map((event) =>
        event.type !== "haproxy" && event.value?.startsWith("{") ? { ...event, value: "{}" } : event,
      ),
      aggregation,
    ),
  ),
];
