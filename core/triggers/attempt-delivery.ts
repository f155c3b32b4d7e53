import type { Event } from "#core/events/event.ts";
import { DELIVERY_LIFETIME_MS, pauseAfter } from "#core/triggers/backoff.ts";
import type { Delivery } from "#core/triggers/delivery.ts";
import { type DeliveryFate, deliveryEvent } from "#core/triggers/delivery-events.ts";
import { isSameVersion, type PausedTriggers } from "#core/triggers/paused-triggers.ts";
import { type Trigger, targetKind } from "#core/triggers/trigger.ts";
import type { TriggerCatalog } from "#core/triggers/trigger-catalog.ts";
import type { TargetAnswer, TriggerTargets } from "#core/triggers/trigger-target.ts";

export interface DeliveryAttempts {
  readonly catalog: Pick<TriggerCatalog, "find" | "forget">;
  readonly targets: TriggerTargets;
  readonly paused: PausedTriggers;
  /**
   * Publishes what became of attempts. What cannot be published is told, not
   * thrown: no delivery waits for its own report.
   */
  readonly publish: (events: readonly Event[]) => Promise<void>;
  readonly now: () => number;
}

/** What is to be done with a delivery after an attempt. */
export type Verdict =
  | { readonly verdict: "done" }
  | { readonly verdict: "retry"; readonly afterMs: number }
  | { readonly verdict: "dead"; readonly reason: string };

/**
 * Tries once to hand a delivery over, as its trigger is now, and publishes what became of it. The first attempt is 1.
 * Throws `unavailable` where the trigger, or whether it is paused, cannot be read now: then nothing was tried.
 */
export async function attemptDelivery(
  delivery: Delivery,
  attempt: number,
  attempts: DeliveryAttempts,
): Promise<Verdict> {
  const { catalog, targets, now } = attempts;
  const trigger = await catalog.find(delivery);
  if (trigger === undefined) return end(delivery, attempt, { notTaken: "there is no such trigger any more" }, attempts);
  if (!trigger.enabled) return end(delivery, attempt, { notTaken: "the trigger is disabled" }, attempts);
  if (await isPaused(trigger, attempts)) return end(delivery, attempt, { notTaken: PAUSED }, attempts);
  const startMs = now();
  const answer = await targets[targetKind(trigger.target)].attempt(delivery, trigger);
  const durationMs = Math.max(0, now() - startMs);
  if ("taken" in answer) {
    await tell(delivery, "succeeded", attempt, { ...shownOf(answer), durationMs }, attempts);
    return { verdict: "done" };
  }
  if (answer.isGone) await pause(trigger, answer, attempts);
  if (answer.isGone || answer.isFinal) return end(delivery, attempt, answer, attempts, durationMs);
  const afterMs = pauseAfter(attempt, answer.retryAfterMs);
  const waitedMs = now() - delivery.sinceMs;
  if (waitedMs + afterMs > DELIVERY_LIFETIME_MS) {
    const notTaken = `${answer.notTaken} (attempt ${attempt}, and the day for attempts is over)`;
    return end(delivery, attempt, { ...answer, notTaken }, attempts, durationMs);
  }
  await tell(delivery, "failed", attempt, { ...shownOf(answer), durationMs, retryAfterMs: afterMs }, attempts);
  return { verdict: "retry", afterMs };
}

const PAUSED = "the trigger is paused, for its receiver answered 410: it goes on with a change of its artifact";

async function isPaused(trigger: Trigger, { paused }: DeliveryAttempts): Promise<boolean> {
  const pause = await paused.find(trigger);
  return pause !== undefined && isSameVersion(pause, trigger);
}

/** The receiver wants nothing more: pauses this version of the trigger, and says so unless it was paused already. */
async function pause(trigger: Trigger, answer: TargetAnswer, attempts: DeliveryAttempts): Promise<void> {
  const { namespace, kind, name, version } = trigger;
  if (!(await attempts.paused.pause({ namespace, kind, name, version }))) return;
  attempts.catalog.forget();
  await attempts.publish([deliveryEvent(trigger, "gone", { version, ...shownOf(answer) }, attempts.now())]);
}

type NotTaken = Extract<TargetAnswer, { readonly notTaken: string }>;

async function end(
  delivery: Delivery,
  attempt: number,
  answer: NotTaken,
  attempts: DeliveryAttempts,
  durationMs?: number,
): Promise<Verdict> {
  await tell(delivery, "dead", attempt, { ...shownOf(answer), durationMs }, attempts);
  return { verdict: "dead", reason: answer.notTaken };
}

const shownOf = (answer: TargetAnswer) => ({
  status: answer.status,
  ...("notTaken" in answer && { reason: answer.notTaken }),
});

const tell = (
  { id, event, ...key }: Delivery,
  fate: DeliveryFate,
  attempt: number,
  shown: Readonly<Record<string, unknown>>,
  { publish, now }: DeliveryAttempts,
): Promise<void> => publish([deliveryEvent(key, fate, { attempt, ...shown, webhookId: id, event: event.id }, now())]);
