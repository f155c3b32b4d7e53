import type { PausedTrigger, PausedTriggers } from "#core/triggers/paused-triggers.ts";

export function openMemoryPausedTriggers(): PausedTriggers {
  const paused: PausedTrigger[] = [];
  return {
    pause: async (trigger) => void paused.push(trigger),
    list: async () => paused,
  };
}
