import { expect, test } from "@jest/globals";
import { PulseError } from "#core/errors.ts";
import type { Event } from "#core/events/event.ts";
import type { Delivery } from "#core/triggers/delivery.ts";
import { deliveryEvent } from "#core/triggers/delivery-events.ts";
import { RateLimits } from "#core/triggers/rate-limits.ts";
import { MAX_HOPS, runTriggers } from "#core/triggers/run-triggers.ts";
import type { Trigger } from "#core/triggers/trigger.ts";
import { indexTriggers } from "#core/triggers/trigger-index.ts";
import { aTrigger } from "#test/support/samples/a-trigger.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

function openRun(triggers: readonly Trigger[]) {
  const handed: Delivery[] = [];
  const published: Event[] = [];
  const seen = { forgotten: 0, isDown: false };
  const run = {
    catalog: {
      list: async () => ({ active: indexTriggers(triggers), periodic: [] }),
      forget: () => void seen.forgotten++,
    },
    limits: new RateLimits(),
    queue: {
      hand: async (deliveries: readonly Delivery[]) => {
        if (seen.isDown) throw new PulseError("unavailable", "the queue is away");
        handed.push(...deliveries);
      },
    },
    publish: async (events: readonly Event[]) => void published.push(...events),
    now: () => 1_000_000,
  };
  return { run, handed, published, seen };
}

test("hands on a delivery for each trigger of each event, under an id of the event and the trigger", async () => {
  const { run, handed } = openRun([aTrigger(), aTrigger({ name: "other" }), aTrigger({ namespace: "team-a" })]);
  const events = [anEvent(), anEvent(), anEvent({ tags: ["nothing"] })];

  await runTriggers(events, run);
  const first = handed.map(({ id }) => id);
  await runTriggers(events, run);

  expect(handed.slice(0, 4).map(({ name, event }) => [name, event.id])).toEqual([
    ["tell", events[0]?.id],
    ["other", events[0]?.id],
    ["tell", events[1]?.id],
    ["other", events[1]?.id],
  ]);
  expect(new Set(first).size).toBe(4);
  expect(handed.slice(4).map(({ id }) => id)).toEqual(first);
  expect(first.every((id) => !id.includes("."))).toBe(true);
});

test("throws where the queue is away, and a repetition is not counted as a flood", async () => {
  const { run, handed, published, seen } = openRun([aTrigger({ ratePerSecond: 1 })]);
  const events = Array.from({ length: 10 }, () => anEvent());
  seen.isDown = true;
  for (let tries = 0; tries < 5; tries++) await expect(runTriggers(events, run)).rejects.toThrow("away");
  seen.isDown = false;

  await runTriggers(events, run);

  expect(handed).toHaveLength(10);
  expect(published).toEqual([]);
});

test("an event to which 8 deliveries led starts nothing, which an event says once", async () => {
  const { run, handed, published } = openRun([aTrigger()]);

  await runTriggers([anEvent({ hops: MAX_HOPS - 1 }), anEvent({ hops: MAX_HOPS }), anEvent({ hops: 50 })], run);

  expect(handed).toHaveLength(1);
  expect(published.map(({ type, tags }) => [type, tags])).toEqual([
    ["workflow", ["triggers", "triggers:tell", "deliveries", "deliveries:stopped"]],
  ]);
  expect(JSON.parse(published[0]?.value as string)).toMatchObject({ hops: MAX_HOPS, events: 2 });
});

test("events about deliveries start nothing, and others of their type do", async () => {
  const { run, handed } = openRun([aTrigger({ tags: [], type: "workflow" })]);
  const workflow = anEvent({ type: "workflow", tags: ["workflows", "workflows:w"] });

  await runTriggers([deliveryEvent(aTrigger(), "failed", {}, 0), workflow], run);

  expect(handed.map(({ event }) => event.id)).toEqual([workflow.id]);
});

test("beyond its rate a trigger is paused, which an event says, as it says when it goes on", async () => {
  const { run, handed, published } = openRun([aTrigger({ ratePerSecond: 1 })]);
  const flood = Array.from({ length: 15 }, () => anEvent());

  await runTriggers(flood, run);
  await runTriggers([anEvent({ receivedAtMs: anEvent().receivedAtMs + 120_000 })], run);

  expect(handed).toHaveLength(11);
  expect(published.map(({ tags }) => tags.at(-1))).toEqual(["deliveries:paused", "deliveries:resumed"]);
  expect(JSON.parse(published[1]?.value as string)).toEqual({ ratePerSecond: 1, leftOut: 5 });
});

test("a change of triggers among the events has them read anew before any is matched", async () => {
  const { run, seen } = openRun([]);

  await runTriggers([anEvent(), anEvent({ type: "archive", tags: ["breeds", "breeds:x"] })], run);
  expect(seen.forgotten).toBe(0);

  await runTriggers([anEvent({ type: "archive", tags: ["triggers", "triggers:x", "archive"] })], run);
  expect(seen.forgotten).toBe(1);
});
