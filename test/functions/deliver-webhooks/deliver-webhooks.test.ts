import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { PulseError } from "#core/errors.ts";
import type { Event } from "#core/events/event.ts";
import { DELIVERY_LIFETIME_MS } from "#core/triggers/backoff.ts";
import { fromDeliveryText, toDelivery } from "#core/triggers/delivery.ts";
import type { Trigger } from "#core/triggers/trigger.ts";
import { missingTarget } from "#core/triggers/trigger-target.ts";
import { deliverWebhooksHandler, type QueueConsumer } from "#functions/deliver-webhooks/deliver-webhooks.ts";
import { messageHider } from "#functions/deliver-webhooks/hide-message.ts";
import { webhookTarget } from "#functions/deliver-webhooks/webhook-target.ts";
import { egressGuard } from "#functions/shared/triggers/egress-guard.ts";
import { SqsConnection } from "#journals/sqs/sqs-connection.ts";
import { SqsDeadDeliveries, SqsDeliveryQueue } from "#journals/sqs/sqs-delivery-queue.ts";
import { openSqs, type TestSqs } from "#test/support/aws/sqs.ts";
import { openWebhookReceiver, type WebhookReceiver } from "#test/support/http/webhook-receiver.ts";
import { openMemoryPausedTriggers } from "#test/support/memory/memory-paused-triggers.ts";
import { aTrigger, WEBHOOK_SECRET } from "#test/support/samples/a-trigger.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

let sqs: TestSqs;
let queue: SqsDeliveryQueue;
let dead: SqsDeadDeliveries;
let receiver: WebhookReceiver;
let published: Event[];
let handler: QueueConsumer;
let nowMs: number;
let find: () => Promise<Trigger | undefined>;
let hide: ReturnType<typeof messageHider>;

beforeEach(async () => {
  sqs = await openSqs();
  receiver = await openWebhookReceiver();
  queue = new SqsDeliveryQueue({ queueUrl: sqs.urlOf("deliveries"), config: sqs.config });
  dead = new SqsDeadDeliveries({ queueUrl: sqs.urlOf("dead"), config: sqs.config });
  published = [];
  nowMs = Date.now();
  find = async () => aTrigger({ target: { webhook: { url: receiver.url, secrets: [WEBHOOK_SECRET] } } });
  hide = messageHider(sqs.urlOf("deliveries"), new SqsConnection(sqs.config));
  handler = deliverWebhooksHandler({
    catalog: { find: () => find(), forget: () => {} },
    targets: {
      webhook: webhookTarget({ guard: egressGuard({ allowsLoopback: true }) }),
      eventBus: missingTarget(""),
      lambda: missingTarget(""),
    },
    paused: openMemoryPausedTriggers(),
    publish: async (events) => void published.push(...events),
    now: () => nowMs,
    dead,
    hide: (handle, ms) => hide(handle, ms),
  });
});
afterEach(async () => {
  await queue.close();
  await dead.close();
  await receiver.close();
  await sqs.close();
});

const hand = (count = 1) => {
  const deliveries = Array.from({ length: count }, () => toDelivery(aTrigger(), anEvent(), nowMs));
  return queue.hand(deliveries).then(() => deliveries);
};
const pass = (ms: number) => {
  nowMs += ms;
  sqs.pass(ms);
};
const work = () => sqs.deliver("deliveries", handler);
const fates = () => published.map(({ tags }) => tags.at(-1));

test("what is taken leaves the queue; its neighbours come again when their time has come, and not before", async () => {
  let calls = 0;
  receiver.answer = (response) => response.writeHead(++calls === 2 ? 500 : 200).end();
  await hand(3);

  await work();
  expect(sqs.bodies("deliveries")).toHaveLength(1);
  pass(3_000);
  expect(await work()).toBe(0);
  pass(4_000);
  expect(await work()).toBe(1);

  expect(sqs.bodies("deliveries")).toEqual([]);
  expect(fates().sort()).toEqual([
    "deliveries:failed",
    "deliveries:succeeded",
    "deliveries:succeeded",
    "deliveries:succeeded",
  ]);
});

test("a receiver that is down for a day makes it dead, with the reason, after a dozen attempts", async () => {
  receiver.answer = (response) => response.writeHead(503).end();
  const [delivery] = await hand();

  for (let minutes = 0; minutes < 2 * 24 * 60 && sqs.bodies("deliveries").length > 0; minutes++) {
    await work();
    pass(60_000);
  }

  const letters = sqs.bodies("dead").map(fromDeliveryText);
  expect(letters).toEqual([{ ...delivery, reason: expect.stringContaining("the receiver answered 503") }]);
  expect(receiver.calls.length).toBeGreaterThan(8);
  expect(receiver.calls.length).toBeLessThan(20);
  expect(nowMs - (delivery?.sinceMs ?? 0)).toBeLessThan(DELIVERY_LIFETIME_MS);
  expect(fates().at(-1)).toBe("deliveries:dead");
  expect(new Set(receiver.calls.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
});

test("stays where it is while the place of the dead is away", async () => {
  find = async () => undefined;
  await hand();
  const { deliver } = sqs;
  await deliver("deliveries", async (batch) => {
    sqs.refuse("InternalError");
    const answer = await handler(batch);
    sqs.refuse(undefined);
    return answer;
  });
  expect(sqs.bodies("deliveries")).toHaveLength(1);
  pass(60_000);

  await work();

  expect(sqs.bodies("deliveries")).toEqual([]);
  expect(sqs.bodies("dead")).toHaveLength(1);
});

test("a trigger that cannot be read now costs no attempt and no delivery", async () => {
  const works = find;
  find = async () => {
    throw new PulseError("unavailable", "DynamoDB is away");
  };
  await hand();
  await work();
  expect(receiver.calls).toEqual([]);
  find = works;
  pass(300_000);

  await work();

  expect(fates()).toEqual(["deliveries:succeeded"]);
});

test("one that cannot be hidden, for whatever reason, comes again, and has no other delivered once more", async () => {
  let calls = 0;
  receiver.answer = (response) => response.writeHead(++calls === 1 ? 500 : 200).end();
  hide = () => Promise.reject(new TypeError("the receipt handle has expired"));
  await hand(2);

  await work();
  pass(DELIVERY_LIFETIME_MS / 24);
  await work();

  expect(fates()).toEqual(expect.arrayContaining(["deliveries:failed", "deliveries:succeeded"]));
  expect(calls).toBe(3);
});

test("a message that is no delivery is left to the queue's own dead letters, and costs no other", async () => {
  await hand();
  sqs.send("deliveries", '{"id":"one","namespace":"default"}');

  await work();

  expect(sqs.bodies("deliveries")).toHaveLength(1);
  expect(receiver.calls).toHaveLength(1);
});
