import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import type { Appended } from "#core/events/event-journal.ts";
import { KinesisEventJournal } from "#journals/kinesis/kinesis-event-journal.ts";
import { type AwsCall, type AwsReply, refusal } from "#test/support/aws/aws-front.ts";
import { openKinesis, STREAM, type TestKinesis } from "#test/support/aws/kinesis.ts";
import { type PatientClock, patientClock } from "#test/support/memory/patient-clock.ts";
import { type Random, seededRandom, seedOfThisRun } from "#test/support/random.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

let kinesis: TestKinesis;
let clock: PatientClock;
let journal: KinesisEventJournal;

beforeEach(async () => {
  kinesis = await openKinesis();
  clock = patientClock();
  journal = new KinesisEventJournal({ streamName: STREAM, clock, config: kinesis.config });
});

afterEach(async () => {
  journal.close();
  await kinesis.close();
});

type Forward = (body?: unknown) => Promise<AwsReply>;

/** Forwards the records that do not fail, and answers for the others as Kinesis does. */
async function failSome(call: AwsCall, forward: Forward, fails: (index: number) => boolean): Promise<AwsReply> {
  const records: readonly object[] = call.body.Records;
  const kept = records.filter((_, index) => !fails(index));
  const put = kept.length === 0 ? [] : (await forward({ ...call.body, Records: kept })).body.Records;
  const error = {
    ErrorCode: "ProvisionedThroughputExceededException",
    ErrorMessage: "Rate exceeded for shard shardId-000000000000 in stream events under account 111111111111.",
  };
  return {
    status: 200,
    body: {
      FailedRecordCount: records.length - kept.length,
      Records: records.map((_, index) => (fails(index) ? error : put.shift())),
    },
  };
}

const puts = (): number => kinesis.calls.length;
const isTaken = (one: Appended): boolean => "point" in one;
/** Some 200 KB, so that five fill a record. */
const aLargeEvent = (key: string): Event => anEvent({ key, value: JSON.stringify("x".repeat(200_000)) });

async function idsInStream(): Promise<string[]> {
  return (await kinesis.read()).map(({ event }) => event.id);
}

describe("a call that fails", () => {
  test.each([
    ["is throttled", refusal(400, "ProvisionedThroughputExceededException")],
    ["meets a key store that is throttled", refusal(400, "KMSThrottlingException")],
    ["meets an internal failure", refusal(500, "InternalFailure")],
    ["meets an unavailable service", refusal(503, "ServiceUnavailable")],
    ["loses its connection", undefined],
  ])("is repeated when it %s", async (_, reply) => {
    kinesis.behave((_call, forward) => (puts() === 1 ? reply : forward()));
    const event = anEvent();

    const [appended] = await journal.append([event]);

    expect(appended).toEqual({ point: { shard: expect.stringMatching(/^events\/shardId-/), seq: expect.any(String) } });
    expect(puts()).toBe(2);
    expect(await idsInStream()).toEqual([event.id]);
  });

  test("is repeated when no answer comes in time", async () => {
    kinesis.behave((_call, forward) => {
      if (puts() > 1) return forward();
      clock.timeOut();
      return new Promise(() => {});
    });

    const [appended] = await journal.append([anEvent()]);

    expect(appended).toHaveProperty("point");
    expect(puts()).toBe(2);
  });

  test("leaves an event twice, under one id, when only its answer was lost", async () => {
    kinesis.behave(async (_call, forward) => {
      const reply = await forward();
      return puts() === 1 ? undefined : reply;
    });
    const event = anEvent();

    const [appended] = await journal.append([event]);

    expect(appended).toHaveProperty("point");
    expect(await idsInStream()).toEqual([event.id, event.id]);
  });

  test("is given up after eight tries, and says so without a word of AWS", async () => {
    kinesis.behave(() => refusal(400, "ProvisionedThroughputExceededException"));

    const appended = await journal.append([anEvent(), anEvent({ key: "a" })]);

    const notTaken = {
      notTaken: "the call of Kinesis failed (ProvisionedThroughputExceededException)",
      retryAfterSeconds: expect.any(Number),
    };
    expect(appended).toEqual([notTaken, notTaken]);
    expect(puts()).toBe(8);
  });

  test("is given up when the time is over", async () => {
    kinesis.behave(() => {
      clock.timeOut();
      return new Promise(() => {});
    });

    const [appended] = await journal.append([anEvent()]);

    expect(appended).toHaveProperty("notTaken");
    expect(puts()).toBeGreaterThanOrEqual(2);
    expect(clock.now()).toBeLessThanOrEqual(5_000);
  });

  test("leaves no time for another one, which then is not made", async () => {
    const hasty = new KinesisEventJournal({ streamName: STREAM, clock, config: kinesis.config, budgetMs: 2_000 });
    kinesis.behave(() => {
      clock.timeOut();
      return new Promise(() => {});
    });

    const appended = await hasty.append(Array.from({ length: 501 }, (_, index) => anEvent({ key: `key ${index}` })));

    expect(appended.some(isTaken)).toBe(false);
    expect(puts()).toBe(1);
    hasty.close();
  });

  test.each(["ResourceNotFoundException", "AccessDeniedException", "ValidationException"])(
    "throws for %s, at once",
    async (name) => {
      kinesis.behave(() => refusal(400, name));

      await expect(journal.append([anEvent()])).rejects.toMatchObject({ name });
      expect(puts()).toBe(1);
    },
  );

  test("throws when there are no credentials", async () => {
    const config = { ...kinesis.config, credentials: () => Promise.reject(new Error("no credentials")) };
    const withoutCredentials = new KinesisEventJournal({ streamName: STREAM, clock, config });

    await expect(withoutCredentials.append([anEvent()])).rejects.toThrow("no credentials");
    withoutCredentials.close();
  });

  test("does not throw for a part of the events", async () => {
    kinesis.behave((_call, forward) => (puts() === 1 ? forward() : refusal(400, "AccessDeniedException")));

    const appended = await journal.append(Array.from({ length: 8 }, () => aLargeEvent("a")));

    expect(appended.map(isTaken)).toEqual([true, true, true, true, true, false, false, false]);
  });
});

test("a connection is made once, not for every call", async () => {
  await journal.append([anEvent()]);
  const before = kinesis.connections();

  await journal.append([anEvent()]);
  await journal.append([anEvent()]);

  expect(puts()).toBe(3);
  expect(kinesis.connections()).toBe(before);
});

describe("a record that fails", () => {
  test("is repeated alone", async () => {
    kinesis.behave((call, forward) => failSome(call, forward, (index) => puts() === 1 && index === 1));
    const events = ["a", "b", "c"].map((key) => anEvent({ key }));

    const appended = await journal.append(events);

    expect(appended.every(isTaken)).toBe(true);
    expect(kinesis.calls.at(-1)?.body.Records).toMatchObject([{ PartitionKey: "b" }]);
    expect((await idsInStream()).sort()).toEqual(events.map(({ id }) => id).sort());
  });

  test("costs the other events nothing when it is given up", async () => {
    kinesis.behave((call, forward) =>
      failSome(call, forward, (index) => call.body.Records[index].PartitionKey === "b"),
    );
    const events = ["a", "b", "c", "b"].map((key) => anEvent({ key }));

    const appended = await journal.append(events);

    expect(appended.map(isTaken)).toEqual([true, false, true, false]);
    expect(appended[1]).toEqual({
      notTaken: "Kinesis refused the record (ProvisionedThroughputExceededException)",
      retryAfterSeconds: expect.any(Number),
    });
  });

  test("is not overtaken by a later one of its key", async () => {
    kinesis.behave((call, forward) => failSome(call, forward, () => puts() <= 2));
    const events = Array.from({ length: 12 }, () => aLargeEvent("a"));

    const appended = await journal.append(events);

    expect(appended.every(isTaken)).toBe(true);
    expect(await idsInStream()).toEqual(events.map(({ id }) => id));
    for (const { body } of kinesis.calls) expect(body.Records).toHaveLength(1);
  });
});

const KEYS = ["a", "a", "b", undefined];

/** What Kinesis and the network do on a bad day, one after the other as the chances have it. */
const misbehave =
  (random: Random) =>
  async (call: AwsCall, forward: Forward): Promise<AwsReply | undefined> => {
    const failing = call.body.Records.map(() => random.chance(0.4));
    switch (random.integer(1, 6)) {
      case 1:
        return undefined;
      case 2:
        return refusal(500, "InternalFailure");
      case 3:
        await forward();
        return undefined;
      case 4:
      case 5:
        return failSome(call, forward, (index) => failing[index]);
      default:
        return forward();
    }
  };

test("whatever fails, what is taken lies at its point, and nothing of a key overtakes what came before", async () => {
  const seed = seedOfThisRun();
  const random = seededRandom(seed);
  kinesis.behave(misbehave(random));
  const events: Event[] = [];
  const appended: Appended[] = [];

  for (let request = 0; request < 4; request++) {
    const batch = Array.from({ length: random.integer(8, 20) }, () => {
      const key = random.oneOf(KEYS);
      const value = JSON.stringify("x".repeat(random.chance(0.5) ? 300_000 : 100));
      return anEvent({ value, ...(key !== undefined && { key }) });
    });
    events.push(...batch);
    appended.push(...(await journal.append(batch)));
  }

  kinesis.behave((_call, forward) => forward());
  const stream = await kinesis.read();
  const wrong = appended.flatMap((one, index) => {
    if (!("point" in one)) return [];
    const found = stream.find(({ point }) => point.shard === one.point.shard && point.seq === one.point.seq);
    return found?.event.id === events[index]?.id ? [] : [index];
  });
  expect({ seed, wrong }).toEqual({ seed, wrong: [] });
  for (const key of ["a", "b"]) {
    const sent = events.filter((event) => event.key === key).map(({ id }) => id);
    const firsts = [...new Set(stream.filter(({ event }) => event.key === key).map(({ event }) => event.id))];
    expect({ seed, firsts }).toEqual({ seed, firsts: sent.filter((id) => firsts.includes(id)) });
  }
});
