import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { toJournalLine } from "#core/events/journal-record.ts";
import { fromDeliveryText } from "#core/triggers/delivery.ts";
import { RateLimits } from "#core/triggers/rate-limits.ts";
import { indexTriggers } from "#core/triggers/trigger-index.ts";
import { toBatch } from "#dev/journal-consumer.ts";
import { runTriggersHandler } from "#functions/run-triggers/run-triggers.ts";
import { SqsDeliveryQueue } from "#journals/sqs/sqs-delivery-queue.ts";
import { aTrigger } from "#test/support/a-trigger.ts";
import { anEvent } from "#test/support/an-event.ts";
import { openSqs, type TestSqs } from "#test/support/sqs.ts";

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

const events = [anEvent(), anEvent({ tags: ["other"] }), anEvent()];
const records = [
  `${toJournalLine(events[0] as (typeof events)[0])}no event\n`,
  events.slice(1).map(toJournalLine).join(""),
].map((data, index) => ({ sequenceNumber: BigInt(index + 1), data, appendedAtMs: 0 }));
const batch = toBatch("events/one", records);

const open = () =>
  runTriggersHandler({
    catalog: { list: async () => ({ active: indexTriggers([aTrigger()]), periodic: [] }), forget: () => {} },
    limits: new RateLimits(),
    queue,
    publish: async () => {},
    now: Date.now,
  });

const handed = () => sqs.bodies("deliveries").map((body) => fromDeliveryText(body).event.id);

test("a batch of the stream is done when its deliveries are in the queue; a line that is no event costs no other", async () => {
  expect(await open()(batch)).toEqual({ batchItemFailures: [] });

  expect(handed()).toEqual([events[0]?.id, events[2]?.id]);
});

test("a batch comes again, whole, while the queue is away, and its deliveries have the same ids", async () => {
  const handler = open();
  sqs.refuseEntries(1);
  expect(await handler(batch)).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }] });
  sqs.refuse("InternalError");
  expect(await handler(batch)).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }] });
  sqs.refuse(undefined);

  expect(await handler(batch)).toEqual({ batchItemFailures: [] });

  const ids = sqs.bodies("deliveries").map((body) => fromDeliveryText(body).id);
  expect(new Set(handed())).toEqual(new Set([events[0]?.id, events[2]?.id]));
  expect(new Set(ids).size).toBe(2);
});
