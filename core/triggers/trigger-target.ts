import type { Delivery } from "#core/triggers/delivery.ts";
import type { TargetKind, Trigger } from "#core/triggers/trigger.ts";

/** What became of one attempt. */
export type TargetAnswer =
  | { readonly taken: true; readonly status?: number }
  | {
      /** Why not; never with what the other side answered, or with a secret. */
      readonly notTaken: string;
      readonly status?: number;
      /** How long the other side asked to be left alone. */
      readonly retryAfterMs?: number;
      /** The other side wants nothing more of this trigger. */
      readonly isGone?: true;
      /** No retry can help. */
      readonly isFinal?: true;
    };

/** One way to hand an event over. An attempt ends by itself, and what can go wrong with it is an answer. */
export interface TriggerTarget {
  attempt(delivery: Delivery, trigger: Trigger): Promise<TargetAnswer>;
}

/** The targets that can be reached from where this runs. */
export type TriggerTargets = Readonly<Record<TargetKind, TriggerTarget>>;

/** Takes the place of a target that cannot be reached from here: each attempt fails for good, and says why. */
export const missingTarget = (why: string): TriggerTarget => ({
  attempt: async () => ({ notTaken: why, isFinal: true }),
});
