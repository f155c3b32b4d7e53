import type { SQLInputValue } from "node:sqlite";
import { MAX_PAUSE_MS } from "#core/triggers/backoff.ts";
import { type DeadDelivery, type Delivery, fromDeliveryText, toDeliveryText } from "#core/triggers/delivery.ts";
import type { DeadDeliveryPlace, DeliveryQueue } from "#core/triggers/delivery-queue.ts";
import { triggerId } from "#core/triggers/trigger.ts";
import type { JournalDatabase } from "#journals/local/local-journal.ts";

/** What the queue needs of the SQLite database that it shares with the journals of its process. */
export interface DeliveryDatabase extends JournalDatabase {
  all<Row>(sql: string, ...parameters: SQLInputValue[]): Row[];
  /** As `transaction`, without waiting for the disk. */
  unsyncedTransaction<T>(work: () => T): T;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS delivery (
    id TEXT PRIMARY KEY, trigger_id TEXT NOT NULL, due INTEGER NOT NULL, attempts INTEGER NOT NULL, delivery TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS delivery_by_due ON delivery (due);
  CREATE TABLE IF NOT EXISTS dead_delivery (id TEXT PRIMARY KEY, delivery TEXT NOT NULL, died INTEGER NOT NULL);
`;

const HAS_DIED = "SELECT 1 FROM pragma_table_info('dead_delivery') WHERE name = 'died'";
/** Older files do not say when a delivery died: those in them count as having died now. */
const addDied = (nowMs: number): string =>
  `ALTER TABLE dead_delivery ADD COLUMN died INTEGER NOT NULL DEFAULT 0; UPDATE dead_delivery SET died = ${nowMs}`;

/** What is due later than anything may wait was timed by a clock that has since been put back: it is due at once. */
const DUE = "(due <= ?1 OR due > ?1 + ?2)";

const TAKE = `
  SELECT attempts, delivery FROM delivery
  WHERE ${DUE} AND id NOT IN (SELECT value FROM json_each(?3)) AND trigger_id NOT IN (SELECT value FROM json_each(?4))
  ORDER BY due LIMIT ?5`;

const BURY = `
  INSERT INTO dead_delivery (id, delivery, died) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET delivery = excluded.delivery, died = excluded.died`;

/** A delivery that waits, and how often it was tried. */
export interface WaitingDelivery {
  readonly delivery: Delivery;
  readonly attempts: number;
}

/** Which of the waiting deliveries are meant. */
export interface DueDeliveries {
  readonly nowMs: number;
  readonly limit: number;
  /** Their ids; they are under way. */
  readonly except: readonly string[];
  /** `triggerId`s of triggers that have enough deliveries under way. */
  readonly exceptOf: readonly string[];
}

/** Deliveries in the SQLite file of this process, on the disk when they are handed on. */
export class LocalDeliveryQueue implements DeliveryQueue, DeadDeliveryPlace {
  readonly #database: DeliveryDatabase;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();

  constructor({ database, now = Date.now }: { readonly database: DeliveryDatabase; readonly now?: () => number }) {
    database.define(SCHEMA);
    if (database.get(HAS_DIED) === undefined) database.define(addDied(now()));
    this.#database = database;
    this.#now = now;
  }

  /** One that waits already is left as it is. */
  async hand(deliveries: readonly Delivery[]): Promise<void> {
    this.#database.transaction(() => {
      for (const delivery of deliveries) this.#insert(delivery);
    });
    for (const listener of this.#listeners) listener();
  }

  #insert(delivery: Delivery): void {
    const sql =
      "INSERT INTO delivery (id, trigger_id, due, attempts, delivery) VALUES (?, ?, ?, 0, ?) ON CONFLICT DO NOTHING";
    this.#database.run(sql, delivery.id, triggerId(delivery), this.#now(), toDeliveryText(delivery));
  }

  /** Calls the listener whenever deliveries were handed on. */
  onHanded(listener: () => void): void {
    this.#listeners.add(listener);
  }

  due({ nowMs, limit, except, exceptOf }: DueDeliveries): WaitingDelivery[] {
    return this.#database
      .all<{ attempts: number; delivery: string }>(
        TAKE,
        nowMs,
        MAX_PAUSE_MS,
        JSON.stringify(except),
        JSON.stringify(exceptOf),
        limit,
      )
      .map(({ attempts, delivery }) => ({ attempts, delivery: fromDeliveryText(delivery) }));
  }

  /** When the next one is due after that instant; undefined where nothing waits. */
  nextDueMs(nowMs: number): number | undefined {
    const sql = "SELECT min(due) AS due FROM delivery WHERE due > ?";
    return this.#database.get<{ due: number | null }>(sql, nowMs)?.due ?? undefined;
  }

  /** Not synced: what a power cut undoes is delivered once more. */
  done({ id }: Delivery): void {
    this.#database.unsyncedTransaction(() => this.#database.run("DELETE FROM delivery WHERE id = ?", id));
  }

  postpone({ id }: Delivery, dueMs: number): void {
    const sql = "UPDATE delivery SET due = ?, attempts = attempts + 1 WHERE id = ?";
    this.#database.unsyncedTransaction(() => this.#database.run(sql, dueMs, id));
  }

  /** It moves to the dead ones, or stays where it is. */
  async take(dead: DeadDelivery): Promise<void> {
    this.#database.transaction(() => {
      this.#database.run(BURY, dead.id, toDeliveryText(dead), this.#now());
      this.#database.run("DELETE FROM delivery WHERE id = ?", dead.id);
    });
  }

  /** Deletes those that died before that instant. */
  forgetDead(beforeMs: number): void {
    this.#database.unsyncedTransaction(() => this.#database.run("DELETE FROM dead_delivery WHERE died < ?", beforeMs));
  }

  dead(): DeadDelivery[] {
    return this.#database
      .all<{ delivery: string }>("SELECT delivery FROM dead_delivery ORDER BY rowid")
      .map(({ delivery }) => fromDeliveryText(delivery) as DeadDelivery);
  }

  /** A dead one waits for its attempts as if it were handed on now. */
  resend({ reason: _, ...delivery }: DeadDelivery): void {
    this.#database.transaction(() => {
      this.#insert({ ...delivery, sinceMs: this.#now() });
      this.#database.run("DELETE FROM dead_delivery WHERE id = ?", delivery.id);
    });
  }
}
