import type { Trigger, TriggerKey } from "#core/triggers/trigger.ts";

/** A version of a trigger that gets nothing until its artifact is changed. */
export interface PausedTrigger extends TriggerKey {
  readonly version: number;
}

/** Which triggers were paused because their receivers are gone: of each the latest version that was. */
export interface PausedTriggers {
  /**
   * Pauses the version, and answers true; where it or a later one is paused already,
   * nothing changes, and the answer is false.
   */
  pause(trigger: PausedTrigger): Promise<boolean>;
  /** The version that is paused of one of them; undefined where none ever was. */
  find(key: TriggerKey): Promise<PausedTrigger | undefined>;
  list(): Promise<readonly PausedTrigger[]>;
}

export const isSameVersion = (paused: PausedTrigger, trigger: Trigger): boolean =>
  paused.version === trigger.version &&
  paused.name === trigger.name &&
  paused.kind === trigger.kind &&
  paused.namespace === trigger.namespace;
