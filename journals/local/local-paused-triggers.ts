import type { PausedTrigger, PausedTriggers } from "#core/triggers/paused-triggers.ts";
import { type TriggerKind, triggerId } from "#core/triggers/trigger.ts";
import type { DeliveryDatabase } from "#journals/local/local-delivery-queue.ts";

const SCHEMA = "CREATE TABLE IF NOT EXISTS paused_trigger (id TEXT PRIMARY KEY, version INTEGER NOT NULL)";
const PAUSE = `
  INSERT INTO paused_trigger (id, version) VALUES (?, ?) ON CONFLICT DO UPDATE SET version = excluded.version`;

/** Paused triggers in the SQLite file of this process: of each, the version that was paused last. */
export function localPausedTriggers(database: DeliveryDatabase): PausedTriggers {
  database.define(SCHEMA);
  return {
    pause: async (trigger) => database.transaction(() => void database.run(PAUSE, triggerId(trigger), trigger.version)),
    list: async () =>
      database.all<{ id: string; version: number }>("SELECT id, version FROM paused_trigger").map(toPausedTrigger),
  };
}

function toPausedTrigger({ id, version }: { readonly id: string; readonly version: number }): PausedTrigger {
  const [namespace, kind, name] = JSON.parse(id) as [string, TriggerKind, string];
  return { namespace, kind, name, version };
}
