import type { Client } from "@opensearch-project/opensearch";
import type { Event } from "#core/events/event.ts";
import type { JournalEntry } from "#core/events/event-journal.ts";
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
import { type EventFilter, everyEvent } from "#core/events/query/event-filter.ts";
import type { Position } from "#core/events/stream/position.ts";
import { DEFAULT_EVENT_TYPES, declarationOf, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import type { AnsweredBucket } from "./aggregation-body.ts";
import { askAggregation } from "./ask-aggregation.ts";
import { type RetryPolicy, retrying } from "./backoff.ts";
import { createAll } from "./bulk.ts";
import { Checkpoints, toPosition } from "./checkpoints.ts";
import { type OpenSearchSettings, openClient } from "./client.ts";
import { completeSearch, type Search } from "./complete-search.ts";
import { DeclaredTypes } from "./declared-types.ts";
import { fromDocument, type PlacedEntry, toEntry, writeBulkLines } from "./event-document.ts";
import { failure } from "./failure.ts";
import { forgetIndices } from "./forget-indices.ts";
import {
  DEFAULT_PREFIX,
  eventIndex,
  namespacePattern,
  patternOf,
  searchPattern,
  type TypePlace,
} from "./index-names.ts";
import { genericTemplateName, SORT_FIELD } from "./index-templates.ts";
import { hasTemplate } from "./install-templates.ts";
import { filterBody, queryBody, timeRange, toDate } from "./query-body.ts";
import { type ShardPart, tailShards } from "./tail-shards.ts";
import { TouchedIndices } from "./touched-indices.ts";
import { TypeRegistry } from "./type-registry.ts";

export interface OpenSearchStoreOptions {
  /** Begins the names of indices and templates. @default "pulse" */
  readonly prefix?: string;
  /** What the deployment declares. @default the types of every deployment */
  readonly types?: readonly EventTypeDeclaration[];
  /** @default 200 */
  readonly maxOwnIndices?: number;
  readonly writeRetry?: RetryPolicy;
  readonly readRetry?: RetryPolicy;
  /** @default Date.now */
  readonly now?: () => number;
}

const MAX_OWN_INDICES = 200;
/** Some ten seconds in all: after that the journal gives the batch again. */
const WRITE_RETRY: RetryPolicy = { tries: 8, baseMs: 100, maxMs: 5_000 };
/**
 * Short, for somebody waits for the answer, yet long enough for the shards of a new index to start:
 * until then searches of its namespace fail.
 */
const READ_RETRY: RetryPolicy = { tries: 7, baseMs: 50, maxMs: 1_000 };

const MAX_TYPES = 10_000;

const NEWEST_FIRST = [{ [SORT_FIELD]: "desc" }, { id: "desc" }];

/** Opens a store whose templates are installed (see `installTemplates`); connects with the first request. */
export const openOpenSearchEventStore = async (
  settings: OpenSearchSettings,
  options?: OpenSearchStoreOptions,
): Promise<OpenSearchEventStore> => new OpenSearchEventStore(await openClient(settings), options);

/** Events in OpenSearch: one index for each type, namespace and period. */
export class OpenSearchEventStore implements EventStore {
  readonly #client: Client;
  readonly #prefix: string;
  /** What is in force of types, and what puts them in force. */
  readonly register: DeclaredTypes;
  readonly #writeRetry: RetryPolicy;
  readonly #search: Search;
  readonly #registry: TypeRegistry;
  readonly #touched: TouchedIndices;
  readonly #checkpoints: Checkpoints;
  #installed = false;
  #closing: Promise<void> | undefined;

  constructor(client: Client, options: OpenSearchStoreOptions = {}) {
    this.#client = client;
    this.#prefix = options.prefix ?? DEFAULT_PREFIX;
    this.#writeRetry = options.writeRetry ?? WRITE_RETRY;
    const readRetry = options.readRetry ?? READ_RETRY;
    this.#search = completeSearch(client, readRetry);
    this.register = new DeclaredTypes(client, {
      prefix: this.#prefix,
      deployed: options.types ?? DEFAULT_EVENT_TYPES,
      retry: this.#writeRetry,
      now: options.now ?? Date.now,
    });
    this.#registry = new TypeRegistry(client, {
      prefix: this.#prefix,
      maxOwnIndices: options.maxOwnIndices ?? MAX_OWN_INDICES,
      retry: this.#writeRetry,
    });
    this.#touched = new TouchedIndices(client, this.#writeRetry);
    this.#checkpoints = new Checkpoints(client, {
      prefix: this.#prefix,
      writeRetry: this.#writeRetry,
      readRetry,
      now: options.now ?? Date.now,
    });
  }

  async keep(entries: readonly JournalEntry[]): Promise<readonly Kept[]> {
    if (entries.length === 0) return [];
    await this.#requireTemplates();
    const types = await this.register.present();
    const names = new Set(entries.map(({ event }) => event.type.toLowerCase()));
    const places = await this.#registry.placesOf(names, types);
    const indices = new Set<string>();
    try {
      const placed = this.#placed(entries, { types, places, indices });
      return await createAll(this.#client, placed, writeBulkLines, this.#writeRetry);
    } finally {
      this.#touched.add(indices);
    }
  }

  /** Each entry with the index that it goes to; `indices` gathers those. */
  *#placed(entries: readonly JournalEntry[], { types, places, indices }: Keeping): Generator<PlacedEntry> {
    for (const entry of entries) {
      const declaration = declarationOf(entry.event.type, types);
      // biome-ignore lint/style/noNonNullAssertion: the registry was just asked for every type of the batch
      const index = eventIndex(this.#prefix, places.get(declaration.name)!, entry.event);
      indices.add(index);
      yield { index, entry, fields: declaration.fields };
    }
  }

  async #requireTemplates(): Promise<void> {
    if (this.#installed) return;
    const name = genericTemplateName(this.#prefix);
    this.#installed = await retrying(this.#writeRetry, () => hasTemplate(this.#client, name));
    if (!this.#installed)
      throw failure(
        "unavailable",
        `has no index template ${name}: nothing is indexed until the templates are installed`,
      );
  }

  async checkpoint(shard: string, seq: string, arrivedAtMs?: number): Promise<void> {
    // A batch in which nothing can be read comes here without a call of `keep`,
    // which looks for the templates otherwise.
    await this.#requireTemplates();
    await this.refresh();
    await this.#checkpoints.advance(shard, seq, arrivedAtMs);
  }

  /** Makes what this store has kept visible to searches, for what has no place in the journal. */
  refresh(): Promise<void> {
    return this.#touched.refresh();
  }

  /**
   * The shards whose newest indexed record arrived before that instant; checkpoints that do not say when are left out.
   */
  async shardsAtRestSince(sinceMs: number): Promise<readonly string[]> {
    const { checkpoints } = await this.#checkpoints.read();
    return checkpoints.flatMap(({ shard, arrivedAtMs }) =>
      arrivedAtMs !== undefined && arrivedAtMs < sinceMs ? [shard] : [],
    );
  }

  /** Removes the checkpoint of a shard that will never be written again: to positions that name it, it is done. */
  forgetShard(shard: string): Promise<void> {
    return this.#checkpoints.remove(shard);
  }

  /** When the oldest of the checkpoints' records arrived in the journal; undefined while there is no checkpoint. */
  async indexedUntil(): Promise<number | undefined> {
    const times = await this.#checkpoints.arrivalTimes();
    return times.length === 0 ? undefined : Math.min(...times);
  }

  async search(query: EventQuery, page: PageRequest): Promise<EventPage> {
    const { hits } = await this.#search(searchPattern(this.#prefix, query.namespace, query.types), {
      size: page.limit,
      ...("offset" in page && { from: page.offset }),
      ...("after" in page &&
        page.after !== "start" && { search_after: [toDate(page.after.timestampMs), page.after.id] }),
      sort: NEWEST_FIRST,
      track_total_hits: true,
      query: queryBody(query, await this.types()),
    });
    return { events: hits.hits.map((hit) => fromDocument(query.namespace, hit._source)), total: hits.total.value };
  }

  async aggregate(query: EventQuery, aggregation: Aggregation): Promise<AggregationResult> {
    return askAggregation(aggregation, async (aggs) =>
      this.#search(searchPattern(this.#prefix, query.namespace, query.types), {
        size: 0,
        track_total_hits: true,
        query: queryBody(query, await this.types()),
        aggs,
      }),
    );
  }

  async find(namespace: string, id: string): Promise<Event | undefined> {
    const { hits } = await this.#search(namespacePattern(this.#prefix, namespace), {
      size: 1,
      track_total_hits: false,
      query: { bool: { filter: [{ term: { id } }] } },
    });
    const [hit] = hits.hits;
    return hit && fromDocument(namespace, hit._source);
  }

  async position(): Promise<Position> {
    return toPosition(await this.#checkpoints.read());
  }

  async tail(filter: EventFilter, after: Position, limit: number, receivedFromMs?: number): Promise<TailPage> {
    const read = await this.#checkpoints.read(after.shards.keys());
    return tailShards(read, { after, limit }, (part) => this.#readShard(filter, part, receivedFromMs));
  }

  async #readShard(
    filter: EventFilter,
    { shard, from, to, size }: ShardPart,
    receivedFromMs: number | undefined,
  ): Promise<TailPage["entries"]> {
    const places = [
      { term: { shard } },
      { range: { seq: { ...(from !== undefined && { gt: from }), lte: to } } },
      ...(receivedFromMs === undefined ? [] : [timeRange("receivedAt", receivedFromMs)]),
    ];
    const { hits } = await this.#search(
      searchPattern(this.#prefix, filter.namespace, filter.types),
      { size, sort: [{ seq: "asc" }], track_total_hits: false, query: filterBody(filter, await this.types(), places) },
      // Replicas that copy segments may show a refresh later than their primary.
      { preference: "_primary" },
    );
    return hits.hits.map((hit) => toEntry(filter.namespace, hit._source));
  }

  async eventTypes(namespace: string): Promise<readonly EventTypeSummary[]> {
    const { aggregations } = await this.#search(namespacePattern(this.#prefix, namespace), {
      size: 0,
      track_total_hits: false,
      query: filterBody(everyEvent(namespace), []),
      aggs: {
        types: {
          terms: { field: "type", size: MAX_TYPES, order: { _key: "asc" } },
          aggs: { newest: { max: { field: "timestamp" } }, index: { terms: { field: "_index", size: 1 } } },
        },
      },
    });
    const buckets: readonly AnsweredBucket[] = aggregations?.types.buckets ?? [];
    return buckets.map((bucket) => ({
      type: bucket.key as string,
      count: bucket.doc_count,
      newestMs: bucket.newest.value,
      index: patternOf(bucket.index.buckets[0].key),
    }));
  }

  types(): Promise<readonly EventTypeDeclaration[]> {
    return this.register.recent();
  }

  /**
   * Deletes what is past its retention, by whole indices, where the cluster does not do so by itself; answers which.
   */
  async forget(nowMs: number): Promise<readonly string[]> {
    return forgetIndices(this.#client, this.#prefix, await this.register.present(), nowMs);
  }

  /** May be called twice: a second close of the client itself would never resolve. */
  close(): Promise<void> {
    this.#closing ??= this.#client.close();
    return this.#closing;
  }
}

/** What decides where the entries of a batch go. */
interface Keeping {
  readonly types: readonly EventTypeDeclaration[];
  readonly places: ReadonlyMap<string, TypePlace>;
  readonly indices: Set<string>;
}
