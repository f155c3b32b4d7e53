import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { fromDeliveryText, toDelivery } from "#core/triggers/delivery.ts";
import { SqsDeadDeliveries, SqsDeliveryQueue } from "#journals/sqs/sqs-delivery-queue.ts";
import { openSqs, type TestSqs } from "#test/support/aws/sqs.ts";
import { aTrigger } from "#test/support/samples/a-trigger.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

let sqs: TestSqs;
let queue: SqsDeliveryQueue;

beforeEach(async () => {
  sqs = await openSqs();
  queue = new SqsDeliveryQueue({ queueUrl: sqs.urlOf("deliveries"), config: sqs.config });
});
afterEach(async () => {
  await queue.close();
  await sqs.close();
});

const deliveries = (count: number, value = "1") =>
  Array.from({ length: count }, () => toDelivery(aTrigger(), anEvent({ value }), 7));

test("hands on all deliveries, however many and however large, as many in a call as it takes", async () => {
  const small = deliveries(25);
  const large = deliveries(9, JSON.stringify("é".repeat(120_000)));

  await queue.hand([...small, ...large]);

  const read = sqs.bodies("deliveries").map(fromDeliveryText);
  const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1);
  expect([...read].sort(byId)).toEqual([...small, ...large].sort(byId));
  expect(sqs.calls.length).toBeLessThan(8);
});

test("what SQS would not take as it is, is written in a way that it takes", async () => {
  const [delivery] = deliveries(1, '"a\uFFFFb\uFFFE"');

  await queue.hand(delivery === undefined ? [] : [delivery]);

  const [body = ""] = sqs.bodies("deliveries");
  expect(body).not.toMatch(/[^\t\n\r\u0020-\uFFFD]/);
  expect(JSON.parse(fromDeliveryText(body).event.value as string)).toBe("a\uFFFFb\uFFFE");
});

test("nothing to hand on is no call", async () => {
  await queue.hand([]);

  expect(sqs.calls).toEqual([]);
});

test("throws where SQS leaves out a part, or answers nothing, so that the batch comes again", async () => {
  sqs.refuseEntries(1);
  await expect(queue.hand(deliveries(12))).rejects.toMatchObject({ kind: "unavailable" });

  sqs.refuse("InternalError");
  await expect(queue.hand(deliveries(1))).rejects.toMatchObject({ kind: "unavailable" });

  sqs.refuse("ThrottlingException", 400);
  await expect(queue.hand(deliveries(1))).rejects.toMatchObject({ kind: "unavailable" });
});

test("a refusal that no retry helps is thrown as it is", async () => {
  sqs.refuse("AccessDeniedException", 403);

  await expect(queue.hand(deliveries(1))).rejects.toMatchObject({ name: "AccessDeniedException" });
});

test("dead deliveries lie with their reasons", async () => {
  const place = new SqsDeadDeliveries({ queueUrl: sqs.urlOf("dead"), config: sqs.config });
  const dead = { ...toDelivery(aTrigger(), anEvent(), 7), reason: "gone" };

  await place.take(dead);
  await place.close();

  expect(sqs.bodies("dead").map(fromDeliveryText)).toEqual([dead]);
});
