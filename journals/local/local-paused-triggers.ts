import type { PausedTrigger, PausedTriggers } from "#core/triggers/paused-triggers.ts";
import { type TriggerKind, triggerId } from "#core/triggers/trigger.ts";
import type { DeliveryDatabase } from "#journals/local/local-delivery-queue.ts";

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

export interface LocalPausedTriggers extends PausedTriggers {
  /** Deletes that pause, unless a later version was paused since. */
  forget(trigger: PausedTrigger): void;
}

/** Paused triggers in the SQLite file of this process. */
export function localPausedTriggers(database: DeliveryDatabase): LocalPausedTriggers {
  database.define(SCHEMA);
  return {
    pause: async (trigger) =>
      database.transaction(() => database.run(PAUSE, triggerId(trigger), trigger.version).changes > 0),
    async find(key) {
      const row = database.get<PausedRow>(FIND, triggerId(key));
      return row && toPausedTrigger(row);
    },
    forget: ({ version, ...key }) =>
      database.unsyncedTransaction(() => void database.run(FORGET, triggerId(key), version)),
    list: async () => database.all<PausedRow>("SELECT id, version FROM paused_trigger").map(toPausedTrigger),
  };
}

function toPausedTrigger({ id, version }: PausedRow): PausedTrigger {
  const [namespace, kind, name] = JSON.parse(id) as [string, TriggerKind, string];
  return { namespace, kind, name, version };
}
