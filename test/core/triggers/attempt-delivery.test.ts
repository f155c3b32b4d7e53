import { expect, test } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import { attemptDelivery } from "#core/triggers/attempt-delivery.ts";
import { DELIVERY_LIFETIME_MS, MAX_PAUSE_MS } from "#core/triggers/backoff.ts";
import { toDelivery } from "#core/triggers/delivery.ts";
import type { Trigger } from "#core/triggers/trigger.ts";
import { missingTarget, type TargetAnswer } from "#core/triggers/trigger-target.ts";
import { openMemoryPausedTriggers } from "#test/support/memory/memory-paused-triggers.ts";
import { aTrigger } from "#test/support/samples/a-trigger.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

const SINCE_MS = Date.UTC(2026, 0, 1);
const event = anEvent();

function openAttempts(
  answer: TargetAnswer,
  trigger: Trigger | null = aTrigger(),
  passedMs = 0,
  paused = openMemoryPausedTriggers(),
) {
  const published: Event[] = [];
  const tried = { count: 0, forgotten: 0 };
  const attempts = {
    catalog: { find: async () => trigger ?? undefined, forget: () => void tried.forgotten++ },
    targets: {
      webhook: {
        attempt: async () => {
          tried.count++;
          return answer;
        },
      },
      eventBus: missingTarget("there is no bus here"),
      lambda: missingTarget("there are no functions here"),
    },
    paused,
    publish: async (events: readonly Event[]) => void published.push(...events),
    now: () => SINCE_MS + passedMs,
  };
  const run = (number = 1) => attemptDelivery(toDelivery(aTrigger(), event, SINCE_MS), number, attempts);
  const told = () => published.map(({ tags, value }) => [tags.at(-1), JSON.parse(value as string)]);
  return { run, told, paused, tried, published };
}

test("what is taken is done, which an event says with the attempt's number and time", async () => {
  const { run, told, published } = openAttempts({ taken: true, status: 200 });

  expect(await run(3)).toEqual({ verdict: "done" });

  expect(told()).toEqual([
    [
      "deliveries:succeeded",
      { attempt: 3, status: 200, durationMs: 0, webhookId: expect.any(String), event: event.id },
    ],
  ]);
  expect(published[0]).toMatchObject({ type: "workflow", namespace: "default" });
  expect(published[0]?.tags).toEqual(["triggers", "triggers:tell", "deliveries", "deliveries:succeeded"]);
});

test("what is not taken is tried again, later and later", async () => {
  const { run, told } = openAttempts({ notTaken: "the receiver answered 500", status: 500 });
  const pauses: number[] = [];
  for (let attempt = 1; attempt <= 12; attempt++) {
    const verdict = await run(attempt);
    if (verdict.verdict === "retry") pauses.push(verdict.afterMs);
  }

  expect(pauses).toHaveLength(12);
  expect(pauses[0]).toBeGreaterThanOrEqual(4000);
  expect(pauses[0]).toBeLessThanOrEqual(6000);
  expect(pauses[11]).toBeGreaterThan(3 * 3_600_000);
  expect(told()[0]).toEqual([
    "deliveries:failed",
    expect.objectContaining({ status: 500, reason: "the receiver answered 500", retryAfterMs: pauses[0] }),
  ]);
});

test("a receiver is left alone for as long as it asks, within reason", async () => {
  const patient = openAttempts({ notTaken: "busy", retryAfterMs: 600_000 });
  const absurd = openAttempts({ notTaken: "busy", retryAfterMs: 10 ** 12 });

  expect(await patient.run()).toEqual({ verdict: "retry", afterMs: 600_000 });
  expect(await absurd.run()).toEqual({ verdict: "retry", afterMs: MAX_PAUSE_MS });
});

test("after a day it is dead, with the reason, but not before it was tried once more", async () => {
  const late = openAttempts({ notTaken: "the receiver answered 500", status: 500 }, aTrigger(), DELIVERY_LIFETIME_MS);
  const wellAtLast = openAttempts({ taken: true }, aTrigger(), 3 * DELIVERY_LIFETIME_MS);

  expect(await late.run(14)).toEqual({
    verdict: "dead",
    reason: "the receiver answered 500 (attempt 14, and the day for attempts is over)",
  });
  expect(late.told().map(([tag]) => tag)).toEqual(["deliveries:dead"]);
  expect(await wellAtLast.run()).toEqual({ verdict: "done" });
});

test("a clock that was put back does not end the attempts, nor make their time negative", async () => {
  const { run, told } = openAttempts({ notTaken: "busy" }, aTrigger(), -10 * DELIVERY_LIFETIME_MS);

  expect(await run()).toMatchObject({ verdict: "retry" });
  expect(told()[0]?.[1].durationMs).toBe(0);
});

test("a receiver that is gone pauses this version of the trigger, and the delivery is dead", async () => {
  const { run, told, paused, tried } = openAttempts({ notTaken: "gone", status: 410, isGone: true });

  expect(await run()).toEqual({ verdict: "dead", reason: "gone" });

  expect(await paused.list()).toEqual([{ namespace: "default", kind: "triggers", name: "tell", version: 1 }]);
  expect(told().map(([tag]) => tag)).toEqual(["deliveries:gone", "deliveries:dead"]);
  expect(tried.forgotten).toBe(1);
});

test("what still waits for a version that is paused is dead, untried; a later version gets what waits", async () => {
  const gone = openAttempts({ notTaken: "gone", status: 410, isGone: true });
  await gone.run();
  const wellAgain = openAttempts({ taken: true, status: 200 }, aTrigger({ version: 2 }), 0, gone.paused);

  expect(await gone.run(2)).toEqual({
    verdict: "dead",
    reason: "the trigger is paused, for its receiver answered 410: it goes on with a change of its artifact",
  });
  expect(await wellAgain.run()).toEqual({ verdict: "done" });

  expect(gone.tried.count).toBe(1);
  expect(gone.told().map(([tag]) => tag)).toEqual(["deliveries:gone", "deliveries:dead", "deliveries:dead"]);
});

test("an answer that comes late, for an earlier version, leaves the pause of a later one, and says nothing of it", async () => {
  const gone = { notTaken: "gone", status: 410, isGone: true } as const;
  const { run, paused, told } = openAttempts(gone, aTrigger({ version: 3 }));
  // While the answer of version 3 is on its way, version 4 is put and is gone too.
  await paused.pause({ ...aTrigger(), version: 4 });

  expect(await run()).toEqual({ verdict: "dead", reason: "gone" });

  expect(await paused.find(aTrigger())).toMatchObject({ version: 4 });
  expect(told().map(([tag]) => tag)).toEqual(["deliveries:dead"]);
});

test.each([
  ["is not there any more", null, "there is no such trigger any more"],
  ["is disabled", aTrigger({ enabled: false }), "the trigger is disabled"],
  ["goes where there is no way", aTrigger({ target: { eventBus: {} } }), "there is no bus here"],
])("a delivery whose trigger %s is dead at once", async (_, trigger, reason) => {
  const { run, tried, told } = openAttempts({ taken: true }, trigger);

  expect(await run()).toEqual({ verdict: "dead", reason });

  expect(tried.count).toBe(0);
  expect(told()).toEqual([["deliveries:dead", expect.objectContaining({ reason })]]);
});
