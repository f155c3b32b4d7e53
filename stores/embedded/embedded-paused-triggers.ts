import type { PausedTrigger, PausedTriggers } from "#core/triggers/paused-triggers.ts";
import { type TriggerKey, type TriggerKind, triggerId } from "#core/triggers/trigger.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";

const SCHEMA = "CREATE TABLE IF NOT EXISTS paused_trigger (id TEXT PRIMARY KEY, version INTEGER NOT NULL)";
const PAUSE = `
  INSERT INTO paused_trigger (id, version) VALUES (?, ?)
  ON CONFLICT DO UPDATE SET version = excluded.version WHERE excluded.version > paused_trigger.version`;
const FIND = "SELECT id, version FROM paused_trigger WHERE id = ?";
const FORGET = "DELETE FROM paused_trigger WHERE id = ? AND version = ?";

interface PausedRow {
  readonly id: string;
  readonly version: number;
}

/** Paused triggers in the SQLite file of this process. */
export class EmbeddedPausedTriggers implements PausedTriggers {
  readonly #database: EmbeddedDatabase;

  constructor(database: EmbeddedDatabase) {
    database.define(SCHEMA);
    this.#database = database;
  }

  async pause(trigger: PausedTrigger): Promise<boolean> {
    const { changes } = this.#database.transaction(() =>
      this.#database.run(PAUSE, triggerId(trigger), trigger.version),
    );
    return changes > 0;
  }

  async find(key: TriggerKey): Promise<PausedTrigger | undefined> {
    const row = this.#database.get<PausedRow>(FIND, triggerId(key));
    return row && toPausedTrigger(row);
  }

  async list(): Promise<readonly PausedTrigger[]> {
    return this.#database.all<PausedRow>("SELECT id, version FROM paused_trigger").map(toPausedTrigger);
  }

  /** Deletes that pause, unless a later version was paused since. */
  forget({ version, ...key }: PausedTrigger): void {
    this.#database.unsyncedTransaction(() => this.#database.run(FORGET, triggerId(key), version));
  }
}

function toPausedTrigger({ id, version }: PausedRow): PausedTrigger {
  const [namespace, kind, name] = JSON.parse(id) as [string, TriggerKind, string];
  return { namespace, kind, name, version };
}
