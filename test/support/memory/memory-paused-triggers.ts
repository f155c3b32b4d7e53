import type { PausedTrigger, PausedTriggers } from "#core/triggers/paused-triggers.ts";
import { triggerId } from "#core/triggers/trigger.ts";

export function openMemoryPausedTriggers(): PausedTriggers {
  const paused = new Map<string, PausedTrigger>();
  return {
    async pause({ namespace, kind, name, version }) {
      const id = triggerId({ namespace, kind, name });
      const isNews = version > (paused.get(id)?.version ?? 0);
      if (isNews) paused.set(id, { namespace, kind, name, version });
      return isNews;
    },
    find: async (key) => paused.get(triggerId(key)),
    list: async () => [...paused.values()],
  };
}
