import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Webhook } from "standardwebhooks";
import { systemClock } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import type { Event } from "#core/events/event.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { uuidV7 } from "#core/uuid.ts";
import { type LocalTriggers, type LocalTriggersOptions, startLocalTriggers } from "#dev/local-triggers.ts";
import { LocalDeliveryQueue } from "#journals/local/local-delivery-queue.ts";
import { type LocalEventJournal, openLocalJournal } from "#journals/local/local-event-journal.ts";
import { type EmbeddedDatabase, openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { EmbeddedPausedTriggers } from "#stores/embedded/embedded-paused-triggers.ts";
import { openWebhookReceiver, type WebhookReceiver } from "#test/support/http/webhook-receiver.ts";
import { type MemoryArtifacts, openMemoryArtifacts } from "#test/support/memory/memory-artifacts.ts";
import { WEBHOOK_SECRET } from "#test/support/samples/a-trigger.ts";
import { anEvent } from "#test/support/samples/an-event.ts";
import { until } from "#test/support/until.ts";

let database: EmbeddedDatabase;
let store: EmbeddedEventStore;
let journal: LocalEventJournal;
let artifacts: MemoryArtifacts;
let triggers: LocalTriggers;
let receiver: WebhookReceiver;
let errors: unknown[];

const start = (given: Partial<LocalTriggersOptions> = {}) =>
  startLocalTriggers({
    database,
    journal,
    artifacts,
    parse: async ({ source }) => JSON.parse(source),
    namespaces: ["team-a"],
    clock: systemClock,
    onError: (error) => errors.push(error),
    ...given,
  });

beforeEach(async () => {
  database = openDatabase(":memory:");
  store = new EmbeddedEventStore({ database });
  journal = openLocalJournal({ database, alongside: (entries) => store.keepInTransaction(entries) });
  artifacts = openMemoryArtifacts();
  receiver = await openWebhookReceiver();
  errors = [];
  triggers = start();
});

afterEach(async () => {
  await triggers.close();
  journal.close();
  database.close();
  await receiver.close();
  expect(errors).toEqual([]);
});

/** As a PUT does it: the change and its event. */
async function declare(name: string, declared: unknown, kind: "triggers" | "workflows" = "triggers"): Promise<void> {
  artifacts.put({ namespace: "default", kind, name }, declared);
  await journal.append([now({ type: "archive", tags: [kind, `${kind}:${name}`, "archive", "archive:update"] })]);
}

const now = (given: Partial<Event>): Event => {
  const nowMs = Date.now();
  return anEvent({ id: uuidV7(nowMs), timestampMs: nowMs, receivedAtMs: nowMs, ...given });
};
const webhook = (path = "/") => ({ webhook: { url: `${receiver.url}${path}`, secret: WEBHOOK_SECRET } });

/** What was told of deliveries, oldest first. */
async function told(
  tag: string,
): Promise<{ readonly tags: readonly string[]; readonly value: Record<string, unknown> }[]> {
  const { events } = await store.search(
    { ...everyEvent("default"), types: ["workflow"], tags: [tag] },
    { offset: 0, limit: 100 },
  );
  return events.map(({ tags, value }) => ({ tags, value: JSON.parse(value as string) })).reverse();
}

test("an event behind the declaration of its trigger is delivered, signed, and the delivery is an event", async () => {
  await declare("tell", { tags: ["deployed"], target: webhook("/hook") });
  const event = now({ tags: ["deployed", "services:a"], value: '{"n":1.0}' });
  await journal.append([event, now({ tags: ["other"] })]);

  await until(() => receiver.calls.length > 0);
  await until(async () => (await told("deliveries:succeeded")).length > 0);

  const [call] = receiver.calls;
  expect(receiver.calls).toHaveLength(1);
  expect(new Webhook(WEBHOOK_SECRET).verify(call?.body ?? "", call?.headers ?? {})).toMatchObject({
    type: "event",
    data: { id: event.id, tags: event.tags, value: { n: 1 } },
  });
  expect(await told("triggers:tell")).toEqual([
    {
      tags: ["triggers", "triggers:tell", "deliveries", "deliveries:succeeded"],
      value: expect.objectContaining({
        attempt: 1,
        status: 204,
        event: event.id,
        webhookId: call?.headers["webhook-id"],
      }),
    },
  ]);
});

test("a receiver that hangs holds up no other trigger", async () => {
  receiver.answer = (response, { path }) => void (path === "/hangs" || response.writeHead(200).end());
  await declare("hangs", { tags: ["deployed"], target: webhook("/hangs") });
  await declare("works", { tags: ["deployed"], target: webhook("/works") });
  await journal.append(Array.from({ length: 200 }, () => now({ tags: ["deployed"] })));

  await until(() => receiver.calls.filter(({ path }) => path === "/works").length === 200);

  expect(receiver.calls.filter(({ path }) => path === "/hangs")).toHaveLength(8);
});

test("a trigger that is changed, disabled or removed is so from the next event on", async () => {
  await declare("tell", { tags: ["a"], target: webhook("/a") });
  await journal.append([now({ tags: ["a"] })]);
  await until(() => receiver.calls.length === 1);

  await declare("tell", { tags: ["a"], target: webhook("/b") });
  await journal.append([now({ tags: ["a"] })]);
  await until(() => receiver.calls.length === 2);

  await declare("tell", { tags: ["a"], target: webhook("/b"), enabled: false });
  await journal.append([now({ tags: ["a"] })]);
  await declare("other", { tags: ["b"], target: webhook("/c") });
  await journal.append([now({ tags: ["b"] })]);
  await until(() => receiver.calls.length === 3);

  expect(receiver.calls.map(({ path }) => path)).toEqual(["/a", "/b", "/c"]);
});

test("a receiver that is gone gets nothing more until its trigger is changed", async () => {
  receiver.answer = (response) => response.writeHead(410).end();
  await declare("tell", { tags: ["a"], target: webhook() });
  await journal.append([now({ tags: ["a"] })]);
  await until(async () => (await told("deliveries:dead")).length === 1);
  await journal.append([now({ tags: ["a"] })]);
  receiver.answer = (response) => response.writeHead(200).end();
  await declare("tell", { tags: ["a"], target: webhook("/back") });
  await journal.append([now({ tags: ["a"] })]);

  await until(async () => (await told("deliveries:succeeded")).length === 1);

  expect(receiver.calls.map(({ path }) => path)).toEqual(["/", "/back"]);
  expect((await told("deliveries")).map(({ tags }) => tags.at(-1))).toEqual([
    "deliveries:gone",
    "deliveries:dead",
    "deliveries:succeeded",
  ]);
  const queue = new LocalDeliveryQueue({ database });
  expect(queue.dead().map(({ reason, name }) => [name, reason])).toEqual([
    ["tell", "the receiver answered 410: it wants nothing more"],
  ]);
});

test("a bus and a function are told to be AWS's", async () => {
  await declare("bus", { tags: ["a"], target: { eventBus: {} } });
  await journal.append([now({ tags: ["a"] })]);

  await until(async () => (await told("deliveries:dead")).length === 1);

  expect((await told("deliveries:dead"))[0]?.value.reason).toContain("delivers to webhooks only");
});

test("a workflow with a period is started by the ticks that are published, each once", async () => {
  await declare("beat", { schedule: { period: "1s" }, target: webhook() }, "workflows");

  await until(() => receiver.calls.length >= 2);

  const times = receiver.calls.map(({ body }) => Date.parse(JSON.parse(body).timestamp));
  expect(times.every((ms) => ms % 1000 === 0)).toBe(true);
  expect(new Set(receiver.calls.map(({ headers }) => headers["webhook-id"])).size).toBe(receiver.calls.length);
});

test("the tick of a round that failed is published by the next one", async () => {
  await triggers.close();
  const hourMs = Date.UTC(2026, 2, 15, 12);
  let nowMs = hourMs - 120_000;
  let isDown = false;
  const list: MemoryArtifacts["list"] = (...page) =>
    isDown ? Promise.reject(new PulseError("unavailable", "of the test")) : artifacts.list(...page);
  const workflow = { schedule: { period: "1h" }, target: webhook() };
  artifacts.put({ namespace: "default", kind: "workflows", name: "beat" }, workflow);
  triggers = start({ clock: { ...systemClock, now: () => nowMs }, artifacts: { find: artifacts.find, list } });

  isDown = true;
  nowMs = hourMs + 5;
  await until(() => errors.length > 0);
  nowMs += 400;
  isDown = false;

  await until(() => receiver.calls.length === 1);
  expect(JSON.parse(receiver.calls[0]?.body ?? "").timestamp).toBe("2026-03-15T12:00:00.000Z");
  errors = [];
});

describe("after a restart", () => {
  test("what was handed on and not delivered is delivered, and nothing is handed on again", async () => {
    receiver.answer = (response) => response.writeHead(503, { "retry-after": "0" }).end();
    await declare("tell", { tags: ["a"], target: webhook() });
    await journal.append([now({ tags: ["a"] })]);
    await until(async () => (await told("deliveries:failed")).length === 1);
    await triggers.close();
    database.run("UPDATE delivery SET due = 0");
    receiver.answer = (response) => response.writeHead(200).end();

    triggers = start();

    await until(async () => (await told("deliveries:succeeded")).length === 1);
    expect((await told("deliveries:succeeded"))[0]?.value.attempt).toBe(2);
    expect(receiver.calls).toHaveLength(2);
    expect(new Set(receiver.calls.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  });

  test("events that were accepted meanwhile start what they start", async () => {
    await triggers.close();
    artifacts.put({ namespace: "default", kind: "triggers", name: "tell" }, { tags: ["a"], target: webhook() });
    await journal.append([now({ tags: ["a"] })]);

    triggers = start();

    await until(() => receiver.calls.length === 1);
  });

  test("a file that never had triggers begins at its end", async () => {
    await triggers.close();
    await journal.append([now({ tags: ["a"] })]);
    database.run("DELETE FROM followed_place");
    artifacts.put({ namespace: "default", kind: "triggers", name: "tell" }, { tags: ["a"], target: webhook() });
    triggers = start();
    const later = now({ tags: ["a"] });
    await journal.append([later]);

    await until(() => receiver.calls.length > 0);

    expect(receiver.calls.map(({ body }) => JSON.parse(body).data.id)).toEqual([later.id]);
  });
});

test("a tidied server keeps what may still be sent again, and the pause of a version that there is", async () => {
  const DAY_MS = 24 * 60 * 60_000;
  const clock = { now: () => Date.now() + laterMs, after: systemClock.after };
  let laterMs = 0;
  await triggers.close();
  triggers = start({ clock });
  const paused = new EmbeddedPausedTriggers(database);
  const key = (name: string) => ({ namespace: "default", kind: "triggers" as const, name });
  for (const name of ["same", "changed", "deleted"]) {
    artifacts.put(key(name), { tags: ["a"], target: webhook() });
    await paused.pause({ ...key(name), version: 1 });
  }
  artifacts.put(key("changed"), { tags: ["a"], target: webhook() });
  artifacts.remove(key("deleted"));
  const queue = new LocalDeliveryQueue({ database });
  await queue.take({ ...key("same"), id: "dead", sinceMs: 0, event: now({}), reason: "its receiver was away" });

  await triggers.tidy();
  expect(await paused.list()).toEqual([{ ...key("same"), version: 1 }]);
  laterMs = 13.9 * DAY_MS;
  await triggers.tidy();
  expect(queue.dead()).toHaveLength(1);
  laterMs = 14.1 * DAY_MS;
  await triggers.tidy();

  expect(queue.dead()).toEqual([]);
  expect(await paused.list()).toEqual([{ ...key("same"), version: 1 }]);
});
