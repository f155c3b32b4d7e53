import { randomBytes } from "node:crypto";
import type { SQLInputValue } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { PulseError } from "#core/errors.ts";
import type { Event } from "#core/events/event.ts";
import { type Appended, type EventJournal, type JournalEntry, seqsOf } from "#core/events/event-journal.ts";
import { toRecords } from "#journals/local/records.ts";

/** What the journal needs of the SQLite database that it shares with the stores of its process. */
export interface JournalDatabase {
  define(schema: string): void;
  get<Row>(sql: string, ...parameters: SQLInputValue[]): Row | undefined;
  iterate<Row>(sql: string, ...parameters: SQLInputValue[]): Iterable<Row>;
  run(sql: string, ...parameters: SQLInputValue[]): { readonly changes: number; readonly rowId: number };
  /** All of the work or nothing; throws a PulseError `unavailable` where a retry may help. */
  transaction<T>(work: () => T): T;
}

export interface LocalJournalOptions {
  readonly database: JournalDatabase;
  /** Done in the transaction that appends the entries, and undone with it; when it throws, nothing is appended. */
  readonly alongside?: (entries: readonly Required<JournalEntry>[]) => void;
  /** @default Date.now */
  readonly now?: () => number;
}

/** A record as its readers get it. */
export interface LocalRecord {
  readonly sequenceNumber: bigint;
  /** NDJSON, each line ended. */
  readonly data: string;
  readonly appendedAtMs: number;
}

/** AUTOINCREMENT: a sequence number is never given twice, not even when its record was forgotten. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS journal_shard (shard TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS journal (
    sequence_number INTEGER PRIMARY KEY AUTOINCREMENT, appended_at INTEGER NOT NULL, data TEXT NOT NULL
  );
`;

const LAST = 2n ** 63n - 1n;

interface RecordRow {
  readonly sequence_number: number;
  readonly appended_at: number;
  readonly data: string;
  readonly bytes: number;
}

const READ = `
  SELECT *, octet_length(data) AS bytes FROM journal WHERE sequence_number > ? ORDER BY sequence_number LIMIT ?`;

const FORGET = `
  DELETE FROM journal WHERE sequence_number IN (
    SELECT sequence_number FROM journal WHERE sequence_number <= ? AND appended_at < ? ORDER BY sequence_number LIMIT ?)`;

/** Records removed in one transaction, at most half a gigabyte: appends get their turn in between. */
const FORGOTTEN_AT_ONCE = 500;

/** One call of `append` that waits for its transaction. */
interface Waiting {
  readonly events: readonly Event[];
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (bug: unknown) => void;
}

export const openLocalJournal = (options: LocalJournalOptions): LocalEventJournal => new LocalEventJournal(options);

/**
 * A table as a journal of one shard. All appends of one turn of the event loop share a transaction and its wait for the
 * disk; when that fails, each is tried by itself, so that none costs another.
 */
export class LocalEventJournal implements EventJournal {
  /** `events/<id>`; the id is made with the file. */
  readonly shard: string;
  readonly #database: JournalDatabase;
  readonly #alongside: (entries: readonly Required<JournalEntry>[]) => void;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();
  #waiting: Waiting[] = [];

  constructor({ database, alongside = () => {}, now = Date.now }: LocalJournalOptions) {
    database.define(SCHEMA);
    this.#database = database;
    this.#alongside = alongside;
    this.#now = now;
    this.shard = shardOf(database);
  }

  append(events: readonly Event[]): Promise<readonly Appended[]> {
    if (events.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ events, resolve, reject });
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
    for (const listener of this.#listeners) listener();
  }

  #tryTogether(waiting: readonly Waiting[]): boolean {
    if (waiting.length === 1) return false;
    let appended: Appended[];
    try {
      appended = this.#write(waiting.flatMap(({ events }) => events));
    } catch {
      return false; // whose fault it was shows when each is tried alone
    }
    let from = 0;
    for (const { events, resolve } of waiting) {
      resolve(appended.slice(from, from + events.length));
      from += events.length;
    }
    return true;
  }

  #tryAlone({ events, resolve, reject }: Waiting): void {
    try {
      resolve(this.#write(events));
    } catch (error) {
      if (error instanceof PulseError && error.kind === "unavailable") resolve(events.map(() => notTaken(error)));
      else reject(error);
    }
  }

  #write(events: readonly Event[]): { point: Required<JournalEntry>["point"] }[] {
    return this.#database.transaction(() => {
      const entries: Required<JournalEntry>[] = [];
      for (const record of toRecords(events)) {
        const sql = "INSERT INTO journal (appended_at, data) VALUES (?, ?)";
        const { rowId } = this.#database.run(sql, this.#now(), record.data);
        const seqAt = seqsOf(rowId);
        record.events.forEach((event, offset) => {
          entries.push({ event, point: { shard: this.shard, seq: seqAt(offset) } });
        });
      }
      this.#alongside(entries);
      return entries.map(({ point }) => ({ point }));
    });
  }

  /** The records after that number, in order: as many as fit both limits, but one at least if there is one. */
  read(afterSequenceNumber: bigint, maxRecords: number, maxBytes: number): LocalRecord[] {
    const records: LocalRecord[] = [];
    let bytes = 0;
    for (const row of this.#database.iterate<RecordRow>(READ, afterSequenceNumber, maxRecords)) {
      bytes += row.bytes;
      if (records.length > 0 && bytes > maxBytes) break;
      records.push({ sequenceNumber: BigInt(row.sequence_number), data: row.data, appendedAtMs: row.appended_at });
    }
    return records;
  }

  /** Calls the listener after each transaction that may have appended. Answers how to stop that. */
  onAppended(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Removes the records appended before that instant, up to a number if one is given; answers how many. */
  async forget(beforeMs: number, upToSequenceNumber = LAST): Promise<number> {
    let forgotten = 0;
    for (let removed = FORGOTTEN_AT_ONCE; removed === FORGOTTEN_AT_ONCE; await nextTurn()) {
      removed = this.#database.run(FORGET, upToSequenceNumber, beforeMs, FORGOTTEN_AT_ONCE).changes;
      forgotten += removed;
    }
    return forgotten;
  }
}

const notTaken = ({ message, retryAfterSeconds = 1 }: PulseError): Appended => ({
  notTaken: message,
  retryAfterSeconds,
});

function shardOf(database: JournalDatabase): string {
  const held = database.get<{ shard: string }>("SELECT shard FROM journal_shard");
  if (held !== undefined) return held.shard;
  const shard = `events/${randomBytes(8).toString("hex")}`;
  database.transaction(() => database.run("INSERT INTO journal_shard (shard) VALUES (?)", shard));
  return shard;
}
