import { randomUUID } from "node:crypto";
import type { Event } from "#core/events/event.ts";
import type { JournalEntry, JournalPoint } from "#core/events/event-journal.ts";
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
import { type EventFilter, matches } from "#core/events/query/event-filter.ts";
import type { Position } from "#core/events/stream/position.ts";
import { DEFAULT_EVENT_TYPES, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { valueNumbers } from "#core/events/values/value-numbers.ts";
import { aggregateNaively } from "#test/stores/naive-aggregate.ts";
import { plainEvent } from "#test/support/samples/plain-event.ts";

type PointedEntry = TailPage["entries"][number];

const hasPoint = (entry: JournalEntry): entry is PointedEntry => entry.point !== undefined;
const bySeq = (one: PointedEntry, other: PointedEntry): number => (one.point.seq < other.point.seq ? -1 : 1);

/**
 * The contract in its plainest form: a list in memory that every question walks through. Other engines must answer as
 * this one does; its parts can be overridden to make an engine that breaks one promise.
 */
export class NaiveEventStore implements EventStore {
  readonly #store = randomUUID();
  readonly #entries = new Map<string, JournalEntry>();
  readonly #checkpoints = new Map<string, string>();

  async keep(entries: readonly JournalEntry[]): Promise<readonly Kept[]> {
    for (const entry of entries) {
      const identity = this.identity(entry.event);
      if (!this.#entries.has(identity)) this.#entries.set(identity, { ...entry, event: plainEvent(entry.event) });
    }
    return entries.map(() => ({ kept: true }));
  }

  /** What makes two entries the same. */
  protected identity(event: Event): string {
    return `${event.namespace} ${event.id}`;
  }

  async checkpoint(shard: string, seq: string): Promise<void> {
    const present = this.#checkpoints.get(shard);
    if (present === undefined || this.supersedes(seq, present)) this.#checkpoints.set(shard, seq);
  }

  protected supersedes(seq: string, present: string): boolean {
    return seq > present;
  }

  async search(query: EventQuery, page: PageRequest): Promise<EventPage> {
    const events = this.events((event) => this.isMeant(query, event)).sort((a, b) => this.compare(a, b));
    if ("offset" in page) return { events: events.slice(page.offset, page.offset + page.limit), total: events.length };
    const { after } = page;
    const rest = after === "start" ? events : events.filter((event) => this.follows(event, after));
    return { events: rest.slice(0, page.limit), total: events.length };
  }

  protected events(isWanted: (event: Event) => boolean): Event[] {
    return [...this.#entries.values()].map((entry) => entry.event).filter(isWanted);
  }

  protected isMeant(query: EventQuery, event: Event): boolean {
    const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY, numeric = false } = query;
    if (event.timestampMs < fromMs || event.timestampMs > toMs) return false;
    const { receivedFromMs = Number.NEGATIVE_INFINITY, receivedToMs = Number.POSITIVE_INFINITY } = query;
    if (event.receivedAtMs < receivedFromMs || event.receivedAtMs > receivedToMs) return false;
    if (numeric && valueNumbers(event.value).number === undefined) return false;
    return matches(query, event);
  }

  /** Newest first, ties by id descending. */
  protected compare(one: Cursor, other: Cursor): number {
    return other.timestampMs - one.timestampMs || (one.id < other.id ? 1 : -1);
  }

  protected follows(event: Event, cursor: Cursor): boolean {
    return event.id !== cursor.id && this.compare(cursor, event) < 0;
  }

  async aggregate(query: EventQuery, aggregation: Aggregation): Promise<AggregationResult> {
    return aggregateNaively(
      this.events((event) => this.isMeant(query, event)),
      aggregation,
    );
  }

  async find(namespace: string, id: string): Promise<Event | undefined> {
    return this.events((event) => event.namespace === namespace && event.id === id)[0];
  }

  async position(): Promise<Position> {
    return { store: this.#store, shards: new Map(this.#checkpoints) };
  }

  async tail(filter: EventFilter, after: Position, limit: number, receivedFromMs?: number): Promise<TailPage> {
    const entries: PointedEntry[] = [];
    const shards = new Map(after.shards);
    let caughtUp = true;
    for (const [shard, checkpoint] of this.inOrder(this.#checkpoints)) {
      const from = after.shards.get(shard) ?? this.startOf(shard);
      const pending = this.entriesOf(shard)
        .filter(({ point }) => this.isPending(point, from, checkpoint))
        .filter(({ event }) => matches(filter, event) && event.receivedAtMs >= (receivedFromMs ?? 0))
        .sort(bySeq);
      const taken = pending.slice(0, limit - entries.length);
      entries.push(...taken);
      const isRead = taken.length === pending.length;
      const read = isRead ? checkpoint : taken.at(-1)?.point.seq;
      if (read !== undefined && read > from) shards.set(shard, read);
      caughtUp &&= isRead;
    }
    return { entries, position: { store: this.#store, shards }, caughtUp };
  }

  /** The order in which shards are read: as they began. */
  protected inOrder(checkpoints: ReadonlyMap<string, string>): Iterable<readonly [string, string]> {
    return checkpoints;
  }

  protected entriesOf(shard: string): PointedEntry[] {
    return [...this.#entries.values()].filter(hasPoint).filter(({ point }) => point.shard === shard);
  }

  /** Where a shard is read from that a position does not name. */
  protected startOf(_shard: string): string {
    return "";
  }

  protected isPending(point: JournalPoint, from: string, checkpoint: string): boolean {
    return point.seq > from && point.seq <= checkpoint;
  }

  async eventTypes(namespace: string): Promise<readonly EventTypeSummary[]> {
    const types = Map.groupBy(
      this.events((event) => event.namespace === namespace),
      (event) => event.type,
    );
    return [...types].map(([type, events]) => ({
      type,
      count: events.length,
      newestMs: Math.max(...events.map((event) => event.timestampMs)),
      index: "memory",
    }));
  }

  async types(): Promise<readonly EventTypeDeclaration[]> {
    return DEFAULT_EVENT_TYPES;
  }

  async close(): Promise<void> {}
}
