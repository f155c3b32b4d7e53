import type { Event } from "#core/events/event.ts";
import { type Delivery, toDelivery } from "#core/triggers/delivery.ts";
import { deliveryEvent, isDeliveryEvent } from "#core/triggers/delivery-events.ts";
import type { DeliveryQueue } from "#core/triggers/delivery-queue.ts";
import type { RateDraft, RateLimits } from "#core/triggers/rate-limits.ts";
import { type Trigger, triggerId } from "#core/triggers/trigger.ts";
import { changesTriggers, type TriggerCatalog, type TriggerList } from "#core/triggers/trigger-catalog.ts";

/** An event to which so many deliveries led, one after the other, starts nothing any more. */
export const MAX_HOPS = 8;

export interface TriggerRun {
  readonly catalog: Pick<TriggerCatalog, "list" | "forget">;
  readonly limits: RateLimits;
  readonly queue: DeliveryQueue;
  /** Publishes what is to be known of triggers. What cannot be published is told, not thrown: no batch waits for it. */
  readonly publish: (events: readonly Event[]) => Promise<void>;
  readonly now: () => number;
}

/**
 * Hands a delivery on for every trigger that each event starts, and answers how many, when they are durable. Throws
 * where a retry of the whole may help; what was handed on before has the same ids then.
 */
export async function runTriggers(events: readonly Event[], run: TriggerRun): Promise<number> {
  const { catalog, limits, queue, publish, now } = run;
  if (events.some(changesTriggers)) catalog.forget();
  const list = await catalog.list();
  if (list.active.size === 0) return 0;
  const rates = limits.draft();
  const { deliveries, notices } = matchEvents(events, list, rates, now());
  if (deliveries.length > 0) await queue.hand(deliveries);
  rates.settle();
  if (notices.length > 0) await publish(notices);
  return deliveries.length;
}

interface Matched {
  readonly deliveries: readonly Delivery[];
  readonly notices: readonly Event[];
}

function matchEvents(events: readonly Event[], { active }: TriggerList, rates: RateDraft, nowMs: number): Matched {
  const deliveries: Delivery[] = [];
  const notices: Event[] = [];
  const loops = new Map<string, { readonly trigger: Trigger; readonly last: Event; events: number }>();
  for (const event of events) {
    if (isDeliveryEvent(event)) continue;
    for (const trigger of active.match(event)) {
      if ((event.hops ?? 0) >= MAX_HOPS) {
        const loop = loops.get(triggerId(trigger));
        if (loop === undefined) loops.set(triggerId(trigger), { trigger, last: event, events: 1 });
        else loop.events++;
        continue;
      }
      const admission = rates.admit(trigger, event.receivedAtMs);
      if (admission.admitted) deliveries.push(toDelivery(trigger, event, nowMs));
      const value = noticeOf(admission, trigger);
      if (value !== undefined)
        notices.push(deliveryEvent(trigger, admission.admitted ? "resumed" : "paused", value, nowMs));
    }
  }
  for (const { trigger, last, events: count } of loops.values())
    notices.push(deliveryEvent(trigger, "stopped", { hops: last.hops, event: last.id, events: count }, nowMs));
  return { deliveries, notices };
}

type Notice = Readonly<Record<string, unknown>>;

function noticeOf(admission: ReturnType<RateDraft["admit"]>, { ratePerSecond }: Trigger): Notice | undefined {
  if (admission.admitted)
    return admission.resumedWithout === undefined ? undefined : { ratePerSecond, leftOut: admission.resumedWithout };
  if (admission.pausedUntilMs === undefined) return undefined;
  return { ratePerSecond, until: new Date(admission.pausedUntilMs).toISOString() };
}
