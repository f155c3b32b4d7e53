import type { Trigger, TriggerKey } from "#core/triggers/trigger.ts";

/** A version of a trigger that gets nothing until its artifact is changed. */
export interface PausedTrigger extends TriggerKey {
  readonly version: number;
}

/** Which triggers were paused because their receivers are gone. */
export interface PausedTriggers {
  pause(trigger: PausedTrigger): Promise<void>;
  list(): Promise<readonly PausedTrigger[]>;
}

export const isSameVersion = (paused: PausedTrigger, trigger: Trigger): boolean =>
  paused.version === trigger.version &&
  paused.name === trigger.name &&
  paused.kind === trigger.kind &&
  paused.namespace === trigger.namespace;
