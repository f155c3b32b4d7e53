import { randomBytes } from "node:crypto";
import type { SQLInputValue } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { PulseError } from "#core/errors.ts";
import { type Appended, type JournalPoint, seqsOf } from "#core/events/event-journal.ts";

/** What the journal needs of the SQLite database that it shares with the stores of its process. */
export interface JournalDatabase {
  define(schema: string): void;
  get<Row>(sql: string, ...parameters: SQLInputValue[]): Row | undefined;
  iterate<Row>(sql: string, ...parameters: SQLInputValue[]): Iterable<Row>;
  run(sql: string, ...parameters: SQLInputValue[]): { readonly changes: number; readonly rowId: number };
  /** All of the work or nothing; throws a PulseError `unavailable` where a retry may help. */
  transaction<T>(work: () => T): T;
}

/** One of the journals in a file: its stream's name, its tables, and how it writes its items down. */
export interface JournalForm<Item, Data> {
  readonly stream: string;
  readonly table: string;
  readonly toRecords: (items: readonly Item[]) => readonly LocalPack<Item, Data>[];
}

/** A record to be written, and the items in it, in the order of its lines. */
export interface LocalPack<Item, Data> {
  readonly data: Data;
  readonly items: readonly Item[];
}

/** An item, and where it was appended. */
export interface Placed<Item> {
  readonly item: Item;
  readonly point: JournalPoint;
}

export interface LocalJournalOptions<Item> {
  readonly database: JournalDatabase;
  /** Done in the transaction that appends the items, and undone with it; when it throws, nothing is appended. */
  readonly alongside?: (placed: readonly Placed<Item>[]) => void;
  /** @default Date.now */
  readonly now?: () => number;
}

/** A record as its readers get it. */
export interface LocalRecord<Data = string | Uint8Array> {
  readonly sequenceNumber: bigint;
  readonly data: Data;
  readonly appendedAtMs: number;
}

/** AUTOINCREMENT: a sequence number is never given twice, not even when its record was forgotten. */
const schemaOf = (table: string): string => `
  CREATE TABLE IF NOT EXISTS ${table}_shard (shard TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS ${table} (
    sequence_number INTEGER PRIMARY KEY AUTOINCREMENT, appended_at INTEGER NOT NULL, data NOT NULL
  );
`;

const toRead = (table: string): string => `
  SELECT *, octet_length(data) AS bytes FROM ${table} WHERE sequence_number > ? ORDER BY sequence_number LIMIT ?`;

const toForget = (table: string): string => `
  DELETE FROM ${table} WHERE sequence_number IN (
    SELECT sequence_number FROM ${table} WHERE sequence_number <= ? AND appended_at < ? ORDER BY sequence_number LIMIT ?)`;

const LAST = 2n ** 63n - 1n;

interface RecordRow<Data> {
  readonly sequence_number: number;
  readonly appended_at: number;
  readonly data: Data;
  readonly bytes: number;
}

/** Records removed in one transaction, at most half a gigabyte: appends get their turn in between. */
const FORGOTTEN_AT_ONCE = 500;

/** One call of `append` that waits for its transaction. */
interface Waiting<Item> {
  readonly items: readonly Item[];
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (bug: unknown) => void;
}

/**
 * A table as a journal of one shard. All appends of one turn of the event loop share a transaction and its wait for the
 * disk; when that fails, each is tried by itself, so that none costs another.
 */
export class LocalJournal<Item, Data extends string | Uint8Array> {
  /** `<stream>/<id>`; the id is made with the file. */
  readonly shard: string;
  readonly #form: JournalForm<Item, Data>;
  readonly #database: JournalDatabase;
  readonly #alongside: (placed: readonly Placed<Item>[]) => void;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();
  #waiting: Waiting<Item>[] = [];

  constructor(form: JournalForm<Item, Data>, options: LocalJournalOptions<Item>) {
    const { database, alongside = () => {}, now = Date.now } = options;
    database.define(schemaOf(form.table));
    this.#form = form;
    this.#database = database;
    this.#alongside = alongside;
    this.#now = now;
    this.shard = shardOf(database, form);
  }

  append(items: readonly Item[]): Promise<readonly Appended[]> {
    if (items.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.#appendWaiting());
    });
  }

  /** Appends what waits at once, so that the database can be closed. */
  close(): void {
    this.#appendWaiting();
  }

  #appendWaiting(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    if (!this.#tryTogether(waiting)) for (const one of waiting) this.#tryAlone(one);
    this.#tellListeners();
  }

  #tryTogether(waiting: readonly Waiting<Item>[]): boolean {
    if (waiting.length === 1) return false;
    let appended: Appended[];
    try {
      appended = this.#write(waiting.flatMap(({ items }) => items));
    } catch {
      return false; // whose fault it was shows when each is tried alone
    }
    let from = 0;
    for (const { items, resolve } of waiting) {
      resolve(appended.slice(from, from + items.length));
      from += items.length;
    }
    return true;
  }

  #tryAlone({ items, resolve, reject }: Waiting<Item>): void {
    try {
      resolve(this.#write(items));
    } catch (error) {
      if (error instanceof PulseError && error.kind === "unavailable") resolve(items.map(() => notTaken(error)));
      else reject(error);
    }
  }

  #write(items: readonly Item[]): { point: JournalPoint }[] {
    return this.#database.transaction(() => this.#insert(items));
  }

  /** Must run in a transaction. */
  #insert(items: readonly Item[]): { point: JournalPoint }[] {
    const { table, toRecords } = this.#form;
    const placed: Placed<Item>[] = [];
    for (const record of toRecords(items)) {
      const sql = `INSERT INTO ${table} (appended_at, data) VALUES (?, ?)`;
      const { rowId } = this.#database.run(sql, this.#now(), record.data);
      const seqAt = seqsOf(rowId);
      record.items.forEach((item, offset) => {
        placed.push({ item, point: { shard: this.shard, seq: seqAt(offset) } });
      });
    }
    this.#alongside(placed);
    return placed.map(({ point }) => ({ point }));
  }

  /**
   * Does some work on the database and appends what it hands over, in one transaction: all of it, or nothing. Throws
   * what the work throws, and `unavailable` where a retry may help.
   */
  transact<Result>(work: (append: (items: readonly Item[]) => void) => Result): Result {
    let hasAppended = false;
    const result = this.#database.transaction(() =>
      work((items) => {
        this.#insert(items);
        hasAppended = true;
      }),
    );
    if (hasAppended) this.#tellListeners();
    return result;
  }

  #tellListeners(): void {
    for (const listener of this.#listeners) listener();
  }

  /** The records after that number, in order: as many as fit both limits, but one at least if there is one. */
  read(afterSequenceNumber: bigint, maxRecords: number, maxBytes: number): LocalRecord<Data>[] {
    const records: LocalRecord<Data>[] = [];
    let bytes = 0;
    for (const row of this.#database.iterate<RecordRow<Data>>(
      toRead(this.#form.table),
      afterSequenceNumber,
      maxRecords,
    )) {
      bytes += row.bytes;
      if (records.length > 0 && bytes > maxBytes) break;
      records.push({ sequenceNumber: BigInt(row.sequence_number), data: row.data, appendedAtMs: row.appended_at });
    }
    return records;
  }

  /** That of the newest record, also if it was forgotten; 0 where there was none. */
  lastSequenceNumber(): bigint {
    const sql = "SELECT seq FROM sqlite_sequence WHERE name = ?";
    return BigInt(this.#database.get<{ seq: number }>(sql, this.#form.table)?.seq ?? 0);
  }

  /** Calls the listener after each transaction that may have appended. Answers how to stop that. */
  onAppended(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Removes the records appended before that instant, up to a number if one is given; answers how many. */
  async forget(beforeMs: number, upToSequenceNumber = LAST): Promise<number> {
    const forget = toForget(this.#form.table);
    let forgotten = 0;
    for (let removed = FORGOTTEN_AT_ONCE; removed === FORGOTTEN_AT_ONCE; await nextTurn()) {
      removed = this.#database.run(forget, upToSequenceNumber, beforeMs, FORGOTTEN_AT_ONCE).changes;
      forgotten += removed;
    }
    return forgotten;
  }
}

const notTaken = ({ message, retryAfterSeconds = 1 }: PulseError): Appended => ({
  notTaken: message,
  retryAfterSeconds,
});

function shardOf(
  database: JournalDatabase,
  { stream, table }: { readonly stream: string; readonly table: string },
): string {
  const held = database.get<{ shard: string }>(`SELECT shard FROM ${table}_shard`);
  if (held !== undefined) return held.shard;
  const shard = `${stream}/${randomBytes(8).toString("hex")}`;
  database.transaction(() => database.run(`INSERT INTO ${table}_shard (shard) VALUES (?)`, shard));
  return shard;
}
