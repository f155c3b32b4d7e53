import type { Clock } from "#core/clock.ts";
import type { Verdict } from "#core/triggers/attempt-delivery.ts";
import type { Delivery } from "#core/triggers/delivery.ts";
import { triggerId } from "#core/triggers/trigger.ts";
import type { LocalDeliveryQueue, WaitingDelivery } from "#journals/local/local-delivery-queue.ts";

export interface LocalDeliveriesOptions {
  readonly queue: LocalDeliveryQueue;
  readonly attempt: (delivery: Delivery, attempt: number) => Promise<Verdict>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

export interface LocalDeliveries {
  /** Begins no attempt any more, and forgets how those end that are under way: they wait in the queue. */
  close(): void;
}

/** So many attempts at once, and so many of them for one trigger: a receiver that hangs holds up no other. */
const MAX_UNDER_WAY = 64;
const MAX_UNDER_WAY_PER_TRIGGER = 8;
/** A clock that jumps is noticed within this time. */
const LOOK_AGAIN_MS = 60_000;
/** What cannot be decided now (a trigger that cannot be read, a disk that is full) is tried so much later. */
const TROUBLE_PAUSE_MS = 5_000;

/** Attempts what is due in the queue, as SQS and its function do it on AWS. */
export function deliverLocally({ queue, attempt, clock, onError }: LocalDeliveriesOptions): LocalDeliveries {
  const underWay = new Map<string, Delivery>();
  let cancelLook = () => {};
  let closed = false;
  queue.onHanded(look);

  /** Begins all attempts that are due and may begin, then waits for the next one. */
  function look(): void {
    cancelLook();
    if (closed) return;
    try {
      const nowMs = clock.now();
      for (const waiting of takeDue(nowMs)) void run(waiting);
      const nextMs = (queue.nextDueMs(nowMs) ?? Number.POSITIVE_INFINITY) - nowMs;
      cancelLook = clock.after(Math.min(Math.max(nextMs, 1), LOOK_AGAIN_MS), look);
    } catch (error) {
      onError(error);
      cancelLook = clock.after(TROUBLE_PAUSE_MS, look);
    }
  }

  function takeDue(nowMs: number): WaitingDelivery[] {
    const taken: WaitingDelivery[] = [];
    const busy = new Map<string, number>();
    for (const delivery of underWay.values()) count(busy, triggerId(delivery));
    for (;;) {
      const limit = MAX_UNDER_WAY - underWay.size;
      if (limit === 0) return taken;
      const exceptOf = [...busy].filter(([, many]) => many >= MAX_UNDER_WAY_PER_TRIGGER).map(([id]) => id);
      const due = queue.due({ nowMs, limit, except: [...underWay.keys()], exceptOf });
      const fresh = due.filter(({ delivery }) => count(busy, triggerId(delivery)) <= MAX_UNDER_WAY_PER_TRIGGER);
      if (fresh.length === 0) return taken;
      for (const waiting of fresh) {
        underWay.set(waiting.delivery.id, waiting.delivery);
        taken.push(waiting);
      }
    }
  }

  async function run({ delivery, attempts }: WaitingDelivery): Promise<void> {
    try {
      const verdict = await attempt(delivery, attempts + 1);
      if (!closed) await settle(delivery, verdict);
    } catch (error) {
      if (closed) return;
      onError(error);
      await clockPause();
    }
    underWay.delete(delivery.id);
    look();
  }

  async function settle(delivery: Delivery, verdict: Verdict): Promise<void> {
    if (verdict.verdict === "done") queue.done(delivery);
    else if (verdict.verdict === "dead") await queue.take({ ...delivery, reason: verdict.reason });
    else queue.postpone(delivery, clock.now() + verdict.afterMs);
  }

  const clockPause = () =>
    new Promise<void>((resolve) => {
      clock.after(TROUBLE_PAUSE_MS, resolve);
    });

  look();
  return {
    close() {
      closed = true;
      cancelLook();
    },
  };
}

function count(counts: Map<string, number>, key: string): number {
  const many = (counts.get(key) ?? 0) + 1;
  counts.set(key, many);
  return many;
}
