import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { PulseError } from "#core/errors.ts";
import type { Event } from "#core/events/event.ts";
import { toJournalLine } from "#core/events/records/journal-record.ts";
import { type Delivery, fromDeliveryText } from "#core/triggers/delivery.ts";
import { RateLimits } from "#core/triggers/rate-limits.ts";
import { indexTriggers } from "#core/triggers/trigger-index.ts";
import { toBatch } from "#dev/journal-consumer.ts";
import { runTriggersHandler } from "#functions/run-triggers/run-triggers.ts";
import { SqsDeliveryQueue } from "#journals/sqs/sqs-delivery-queue.ts";
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

/** Of each record the events, each of them on its own line. */
const toRecords = (events: readonly Event[], perRecord: number) =>
  Array.from({ length: Math.ceil(events.length / perRecord) }, (_, index) => ({
    sequenceNumber: BigInt(index + 1),
    data: events
      .slice(index * perRecord, (index + 1) * perRecord)
      .map(toJournalLine)
      .join(""),
    appendedAtMs: 0,
  }));

/** Handed on into a list; the calls with these numbers (1 is the first) fail. */
function openFailing(failingCalls: readonly number[], ratePerSecond: number) {
  const handedOn: Delivery[] = [];
  const published: Event[] = [];
  let calls = 0;
  const handler = runTriggersHandler({
    catalog: {
      list: async () => ({ active: indexTriggers([aTrigger({ ratePerSecond })]), periodic: [] }),
      forget: () => {},
    },
    limits: new RateLimits(),
    queue: {
      hand: async (deliveries) => {
        if (failingCalls.includes(++calls)) throw new PulseError("unavailable", "the queue is away");
        handedOn.push(...deliveries);
      },
    },
    publish: async (notices) => void published.push(...notices),
    now: Date.now,
  });
  return { handler, handedOn, published };
}

const PER_RECORD = 500;
const many = Array.from({ length: 6000 }, () => anEvent());
const manyRecords = toRecords(many, PER_RECORD);

test.each([[[1]], [[2]], [[1, 2, 3]], [[2, 4, 5]]])(
  "of a batch that comes again each event is counted once, whichever of its parts failed (calls %j)",
  async (failingCalls) => {
    const { handler, handedOn, published } = openFailing(failingCalls, many.length / 10);
    const large = toBatch("events/one", manyRecords);
    let answer = await handler(large);
    for (let tries = 1; answer.batchItemFailures.length > 0 && tries < 10; tries++) answer = await handler(large);

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(published).toEqual([]);
    expect(handedOn.map(({ event }) => event.id).sort()).toEqual(many.map(({ id }) => id).sort());
  },
);

test("the same where it comes again in two halves, as a batch does that is bisected", async () => {
  const { handler, handedOn, published } = openFailing([2], many.length / 10);
  expect((await handler(toBatch("events/one", manyRecords))).batchItemFailures).toHaveLength(1);

  await handler(toBatch("events/one", manyRecords.slice(0, 3)));
  await handler(toBatch("events/one", manyRecords.slice(3)));

  expect(published).toEqual([]);
  expect(handedOn.map(({ event }) => event.id).sort()).toEqual(many.map(({ id }) => id).sort());
});

test("what another shard has at the same place is counted too, and a batch that was finished counts as any other", async () => {
  const { handler, handedOn } = openFailing([2], many.length);
  await handler(toBatch("events/one", manyRecords));

  const counts = [handedOn.length];
  for (let times = 0; times < 2; times++) {
    await handler(toBatch("events/two", manyRecords.slice(0, 1)));
    counts.push(handedOn.length);
  }

  const [before = 0] = counts;
  expect(counts).toEqual([before, before + PER_RECORD, before + 2 * PER_RECORD]);
});
