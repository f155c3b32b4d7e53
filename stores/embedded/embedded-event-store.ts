import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
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
import type { EventFilter } from "#core/events/query/event-filter.ts";
import type { Position } from "#core/events/stream/position.ts";
import { DEFAULT_EVENT_TYPES, declarationOf, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { forgottenBefore } from "#core/events/types/retention.ts";
import type { TypeStanding } from "#core/events/types/type-changes.ts";
import type { TypeRegister } from "#core/events/types/type-register.ts";
import { isUuid } from "#core/uuid.ts";
import { aggregateEvents } from "#stores/embedded/aggregate-events.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import { DeclaredTypes } from "#stores/embedded/declared-types.ts";
import { EVENT_COLUMNS, EVENT_SOURCE, type EventRow, toEvent, toIdBytes } from "#stores/embedded/event-row.ts";
import { forgetEvents } from "#stores/embedded/forget-events.ts";
import { keepEvents } from "#stores/embedded/keep-events.ts";
import { Names } from "#stores/embedded/names.ts";
import { SCHEMA } from "#stores/embedded/schema.ts";
import { searchEvents } from "#stores/embedded/search-events.ts";
import { countUnsettled, mustSettle, settleEvents } from "#stores/embedded/settle-events.ts";
import { ALL_SLICES, sizeOfSet } from "#stores/embedded/tag-sets.ts";
import { tailEvents } from "#stores/embedded/tail-events.ts";

interface EmbeddedEventStoreOptions {
  readonly database: EmbeddedDatabase;
  /** What this process is started with. @default the types every deployment declares */
  readonly declared?: readonly EventTypeDeclaration[];
}

/** Events removed in one transaction, some tens of milliseconds: requests are answered in between. */
const FORGOTTEN_AT_ONCE = 500;

/** Events in the SQLite file of this process. Every call is done when it returns; only `forget` takes turns. */
export class EmbeddedEventStore implements EventStore, TypeRegister {
  readonly #database: EmbeddedDatabase;
  readonly #declared: DeclaredTypes;
  readonly #names: Names;
  readonly #id: string;

  constructor({ database, declared = DEFAULT_EVENT_TYPES }: EmbeddedEventStoreOptions) {
    database.define(SCHEMA);
    this.#database = database;
    this.#declared = new DeclaredTypes(database, declared);
    this.#names = new Names(database, this.#declared);
    this.#id = storeId(database);
  }

  async keep(entries: readonly JournalEntry[]): Promise<readonly Kept[]> {
    return this.#database.transaction(() => this.#keep(entries));
  }

  #keep(entries: readonly JournalEntry[]): readonly Kept[] {
    const kept = keepEvents(this.#database, this.#names, entries);
    if (mustSettle(this.#database)) settleEvents(this.#database, this.#names);
    return kept;
  }

  /** Makes all that was kept findable: runs before every question. */
  #settle(): void {
    if (countUnsettled(this.#database) > 0)
      this.#database.unsyncedTransaction(() => settleEvents(this.#database, this.#names));
  }

  /**
   * For the journal of the same file: keeps what it appends and makes it readable, in the transaction that appends it.
   */
  keepInTransaction(entries: readonly (JournalEntry & { readonly point: JournalPoint })[]): readonly Kept[] {
    const kept = this.#keep(entries);
    const last = new Map(entries.map(({ point }) => [point.shard, point.seq]));
    for (const [shard, seq] of last) this.#checkpoint(shard, seq);
    return kept;
  }

  async checkpoint(shard: string, seq: string): Promise<void> {
    this.#database.transaction(() => this.#checkpoint(shard, seq));
  }

  #checkpoint(shard: string, seq: string): void {
    const sql = `INSERT INTO checkpoint (shard, seq) VALUES (?, ?)
      ON CONFLICT DO UPDATE SET seq = excluded.seq WHERE excluded.seq > seq`;
    this.#database.run(sql, shard, seq);
  }

  async search(query: EventQuery, page: PageRequest): Promise<EventPage> {
    this.#settle();
    return searchEvents(this.#database, this.#names, query, page);
  }

  async aggregate(query: EventQuery, aggregation: Aggregation): Promise<AggregationResult> {
    this.#settle();
    return aggregateEvents(this.#database, this.#names, query, aggregation);
  }

  async find(namespace: string, id: string): Promise<Event | undefined> {
    if (!isUuid(id)) return undefined;
    const sql = `SELECT ${EVENT_COLUMNS} FROM ${EVENT_SOURCE} WHERE event.id = ? AND event.namespace = ?`;
    const row = this.#database.get<EventRow>(sql, toIdBytes(id), namespace);
    return row && toEvent(row);
  }

  async position(): Promise<Position> {
    return this.#position();
  }

  #position(): Position {
    const rows = this.#database.all<{ shard: string; seq: string }>("SELECT shard, seq FROM checkpoint ORDER BY made");
    return { store: this.#id, shards: new Map(rows.map(({ shard, seq }) => [shard, seq])) };
  }

  async tail(filter: EventFilter, after: Position, limit: number, receivedFromMs?: number): Promise<TailPage> {
    return tailEvents(this.#database, this.#position(), filter, this.#declared.inForce(), after, limit, receivedFromMs);
  }

  async eventTypes(namespace: string): Promise<readonly EventTypeSummary[]> {
    this.#settle();
    const newest = "SELECT max(ts) AS newestMs FROM tagged WHERE tag_id = ?";
    const shelves = this.#names.shelves().filter((shelf) => shelf.namespace === namespace);
    const summaries = shelves.flatMap(({ shelfId, types }) =>
      types.flatMap(({ name, tagId }) => {
        const newestMs = this.#database.get<{ newestMs: number | null }>(newest, tagId)?.newestMs ?? null;
        const count = sizeOfSet(this.#database, shelfId, tagId, ALL_SLICES);
        return newestMs === null ? [] : [{ type: name, count, newestMs, index: "embedded" }];
      }),
    );
    return merged(summaries).sort((one, other) => (one.type < other.type ? -1 : 1));
  }

  async types(): Promise<readonly EventTypeDeclaration[]> {
    return this.#declared.inForce();
  }

  async standing(type: string): Promise<TypeStanding> {
    const known = this.#names.shelves().flatMap(({ types }) => types);
    const inForce = this.#declared.inForce();
    const { period } = declarationOf(type, inForce);
    return {
      deployed: this.#declared.deployed.find(({ name }) => name === type),
      inForce: inForce.find(({ name }) => name === type),
      events: known.some(({ name }) => name.toLowerCase() === type) ? { period, shared: false } : undefined,
    };
  }

  /** Events that were kept before are settled first, by what was in force when they came. */
  async declare(declaration: EventTypeDeclaration, version: number): Promise<void> {
    this.#database.transaction(() => {
      settleEvents(this.#database, this.#names);
      this.#declared.put(declaration, version);
      this.#names.forgetRemembered();
    });
  }

  /** Removes the periods that are past the retention of their type; answers how many events. */
  async forget(nowMs: number): Promise<number> {
    this.#settle();
    let forgotten = 0;
    for (const type of this.#names.shelves().flatMap(({ types }) => types)) {
      const beforeMs = forgottenBefore(declarationOf(type.name, this.#declared.inForce()), nowMs);
      for (let removed = FORGOTTEN_AT_ONCE; removed === FORGOTTEN_AT_ONCE; await setImmediate()) {
        removed = this.#database.transaction(() =>
          forgetEvents(this.#database, this.#names, type, beforeMs, FORGOTTEN_AT_ONCE),
        );
        forgotten += removed;
      }
    }
    return forgotten;
  }

  /** The database is its opener's to close. */
  async close(): Promise<void> {}
}

/** A type whose fields were declared when it had events is kept in two places. */
const merged = (summaries: readonly EventTypeSummary[]): EventTypeSummary[] =>
  Array.from(
    Map.groupBy(summaries, ({ type }) => type),
    ([type, parts]) => ({
      type,
      count: parts.reduce((sum, { count }) => sum + count, 0),
      newestMs: Math.max(...parts.map(({ newestMs }) => newestMs)),
      index: "embedded",
    }),
  );

function storeId(database: EmbeddedDatabase): string {
  const held = database.get<{ id: string }>("SELECT id FROM store");
  if (held !== undefined) return held.id;
  const id = randomUUID();
  database.transaction(() => database.run("INSERT INTO store (id, settled) VALUES (?, 0)", id));
  return id;
}
