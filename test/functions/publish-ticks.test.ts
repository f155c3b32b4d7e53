import { expect, test } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import { indexTriggers } from "#core/triggers/trigger-index.ts";
import { publishTicksHandler } from "#functions/publish-ticks/publish-ticks.ts";
import { ManualClock } from "#test/support/memory/manual-clock.ts";
import { aTrigger } from "#test/support/samples/a-trigger.ts";

const MINUTE = Date.UTC(2026, 0, 1, 12, 30);

function open(nowMs: number, ...periods: number[]) {
  const clock = new ManualClock(nowMs);
  const published: { readonly event: Event; readonly atMs: number }[] = [];
  const periodic = periods.map((periodMs) => aTrigger({ kind: "workflows", name: `every-${periodMs}`, periodMs }));
  const handler = publishTicksHandler({
    catalog: { list: async () => ({ active: indexTriggers([]), periodic }) },
    journal: {
      append: async (events) => {
        published.push(...events.map((event) => ({ event, atMs: clock.now() })));
        return events.map(() => ({ point: { shard: "events/1", seq: "" } }));
      },
    },
    clock,
  });
  /** Answers when the handler has begun to wait. */
  const call = async (time = new Date(MINUTE).toISOString()) => {
    const done = handler({ time });
    await clock.pass(0);
    return { done };
  };
  return { clock, published, call };
}

test("each tick of the minute is published when its time has come", async () => {
  const { clock, published, call } = open(MINUTE + 300, 20_000, 60_000, 90_000);

  const { done } = await call();
  await clock.pass(60_000);
  await done;

  expect(published.map(({ event, atMs }) => [event.tags[1], event.timestampMs - MINUTE, atMs - MINUTE])).toEqual([
    ["workflows:every-20000", 0, 300],
    ["workflows:every-60000", 0, 300],
    ["workflows:every-90000", 0, 300],
    ["workflows:every-20000", 20_000, 20_000],
    ["workflows:every-20000", 40_000, 40_000],
  ]);
});

test("a call that is repeated, or comes late, publishes the same events, and no minute has another's", async () => {
  const one = open(MINUTE, 7000);
  const late = open(MINUTE + 120_000, 7000);
  const next = open(MINUTE + 60_000, 7000);

  const { done } = await one.call();
  await one.clock.pass(60_000);
  await done;
  await (await late.call(new Date(MINUTE + 25_000).toISOString())).done;
  const after = await next.call(new Date(MINUTE + 60_000).toISOString());
  await next.clock.pass(60_000);
  await after.done;

  const ids = (some: typeof one) => some.published.map(({ event }) => event.id);
  expect(ids(late)).toEqual(ids(one));
  expect(new Set([...ids(one), ...ids(next)]).size).toBe(ids(one).length + ids(next).length);
  expect(next.published[0]?.event.timestampMs).toBe((one.published.at(-1)?.event.timestampMs ?? 0) + 7000);
});

test("without workflows that time starts nothing is waited for", async () => {
  const { published, call } = open(MINUTE);

  await (await call()).done;

  expect(published).toEqual([]);
});
