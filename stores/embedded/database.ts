import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { PulseError } from "#core/errors.ts";
import { forgetHolder, holderOf, makeFolder, nameHolder } from "#stores/embedded/data-folder.ts";
import { fromSqliteFailure } from "#stores/embedded/failure.ts";

/*
 * EXCLUSIVE: a second process is refused at once, and the lock goes with the process, however it ends. FULL: a commit
 * is on the disk. The checkpoint at 64 MB and the cache are what kept ingest flat up to a million events.
 */
const PRAGMAS = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = 16384;
  PRAGMA cache_size = -262144;
  PRAGMA temp_store = MEMORY;
`;

const IN_MEMORY = ":memory:";

/** The file of a data folder. */
export const DATABASE_FILE = "pulse.db";

/** Raised with each change of tables after which older files cannot be used. */
const LAYOUT = 2;

/** Far more than usual questions need. Without a bound there would be a statement for each length of a list of tags. */
const MAX_STATEMENTS = 1000;

/** One connection to one file, shared by whatever keeps its tables there. Statements are prepared once. */
export class EmbeddedDatabase {
  readonly #sqlite: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #rollbackListeners: (() => void)[] = [];

  readonly #path: string;

  constructor(sqlite: DatabaseSync, path: string) {
    this.#sqlite = sqlite;
    this.#path = path;
  }

  /** Creates what does not exist yet. */
  define(schema: string): void {
    this.transaction(() => this.#sqlite.exec(schema));
  }

  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#sqlite.prepare(sql);
      if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  all<Row>(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.prepare(sql).all(...parameters) as Row[];
  }

  get<Row>(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    return this.prepare(sql).get(...parameters) as Row | undefined;
  }

  /** Without building a list. The iteration must end before the same SQL is run again. */
  iterate<Row>(sql: string, ...parameters: SQLInputValue[]): Iterable<Row> {
    return this.prepare(sql).iterate(...parameters) as Iterable<unknown> as Iterable<Row>;
  }

  run(sql: string, ...parameters: SQLInputValue[]): { readonly changes: number; readonly rowId: number } {
    const { changes, lastInsertRowid } = this.prepare(sql).run(...parameters);
    return { changes: Number(changes), rowId: Number(lastInsertRowid) };
  }

  /** Inserts rows, whose values follow each other: sixteen a statement costs half of one by one. */
  insert(table: string, columns: readonly string[], values: readonly SQLInputValue[]): void {
    const row = `(${columns.map(() => "?").join(", ")})`;
    const into = `INSERT INTO ${table} (${columns.join(", ")}) VALUES`;
    const one = this.prepare(`${into} ${row}`);
    const sixteen = this.prepare(`${into} ${Array(16).fill(row).join(", ")}`);
    let at = 0;
    for (const step = 16 * columns.length; at + step <= values.length; at += step)
      sixteen.run(...values.slice(at, at + step));
    for (; at < values.length; at += columns.length) one.run(...values.slice(at, at + columns.length));
  }

  /** Does all of the work or, when it throws, nothing of it. What the machine refused is thrown as `unavailable`. */
  transaction<T>(work: () => T): T {
    try {
      this.prepare("BEGIN IMMEDIATE").run();
      const result = work();
      this.prepare("COMMIT").run();
      return result;
    } catch (error) {
      // A full disk makes SQLite roll back by itself.
      if (this.#sqlite.isTransaction) this.prepare("ROLLBACK").run();
      for (const listener of this.#rollbackListeners) listener();
      throw fromSqliteFailure(error);
    }
  }

  /** As `transaction`, for what can be made again from what is there: does not wait for the disk. */
  unsyncedTransaction<T>(work: () => T): T {
    this.#sqlite.exec("PRAGMA synchronous = NORMAL");
    try {
      return this.transaction(work);
    } finally {
      this.#sqlite.exec("PRAGMA synchronous = FULL");
    }
  }

  /** Calls the listener when a transaction is undone: what a cache remembers of its writes must go. */
  onRollback(listener: () => void): void {
    this.#rollbackListeners.push(listener);
  }

  close(): void {
    this.#statements.clear();
    if (!this.#sqlite.isOpen) return;
    if (this.#path !== IN_MEMORY) forgetHolder(this.#path); // while it still is ours
    this.#sqlite.close();
  }
}

/**
 * Opens or makes the file (`:memory:` keeps nothing) and locks it for this process. Throws `unavailable` when another
 * one has it, or another version of Pulse has made it.
 */
export function openDatabase(path: string): EmbeddedDatabase {
  if (path !== IN_MEMORY) makeFolder(dirname(path));
  let sqlite: DatabaseSync | undefined;
  try {
    sqlite = new DatabaseSync(path);
    sqlite.exec(PRAGMAS);
    sqlite.exec("BEGIN IMMEDIATE; COMMIT");
    requireLayout(sqlite);
    if (path !== IN_MEMORY) nameHolder(path);
    return new EmbeddedDatabase(sqlite, path);
  } catch (error) {
    sqlite?.close();
    throw fromSqliteFailure(error, holderOf(path));
  }
}

/** A new file is given the layout of this version; any other must have it. */
function requireLayout(sqlite: DatabaseSync): void {
  const { tables } = sqlite.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() as { tables: number };
  if (tables === 0) sqlite.exec(`PRAGMA user_version = ${LAYOUT}`);
  const { user_version: layout } = sqlite.prepare("PRAGMA user_version").get() as { user_version: number };
  if (layout !== LAYOUT)
    throw new PulseError(
      "unavailable",
      `its file was made by another version of Pulse (layout ${layout}, this version's is ${LAYOUT}): begin in another folder, or go on with that version`,
    );
}
