import { describe, expect, test } from "@jest/globals";
import { type Appended, fromSeq, isSeq, type JournalEntry } from "#core/events/event-journal.ts";
import { fromJournalLine, splitRecord } from "#core/events/records/journal-record.ts";
import { type LocalEventJournal, MAX_RECORD_BYTES, openLocalJournal } from "#journals/local/local-event-journal.ts";

import { openDatabase } from "#stores/embedded/database.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

const ALL = [0n, 1000, Number.MAX_SAFE_INTEGER] as const;

const eventsIn = (journal: LocalEventJournal) =>
  journal.read(...ALL).flatMap(({ data }) => splitRecord(data).map(fromJournalLine));

const seqOf = (appended: Appended | undefined): string => (appended as { point: { seq: string } }).point.seq;

describe("the local journal", () => {
  test("reads back what was appended, each event where its point says", async () => {
    const journal = openLocalJournal({ database: openDatabase(":memory:"), now: () => 1234 });
    const events = [anEvent({ value: '{"a":1e400}', key: "k" }), anEvent(), anEvent({ namespace: "other" })];

    const appended = await journal.append(events);

    const [record] = journal.read(...ALL);
    expect(record?.appendedAtMs).toBe(1234);
    expect(splitRecord(record?.data as string).map(fromJournalLine)).toEqual(events);
    appended.forEach((one, offset) => {
      expect(one).toMatchObject({ point: { shard: journal.shard } });
      expect(isSeq(seqOf(one))).toBe(true);
      expect(fromSeq(seqOf(one))).toEqual({ sequenceNumber: record?.sequenceNumber, offset });
    });
  });

  test("shares one transaction and one record among the appends of one turn, in their order", async () => {
    const transactions: number[] = [];
    const alongside = (entries: readonly JournalEntry[]) => transactions.push(entries.length);
    const journal = openLocalJournal({ database: openDatabase(":memory:"), alongside });
    const events = Array.from({ length: 100 }, () => anEvent());

    const appended = await Promise.all(events.map((event) => journal.append([event])));

    expect(transactions).toEqual([100]);
    expect(journal.read(...ALL)).toHaveLength(1);
    expect(eventsIn(journal)).toEqual(events);
    const seqs = appended.map(([one]) => seqOf(one));
    expect([...new Set(seqs)].sort()).toEqual(seqs);
  });

  test("ends a record before it grows beyond a megabyte, and gives a larger event one of its own", async () => {
    const journal = openLocalJournal({ database: openDatabase(":memory:") });
    const half = `"${"é".repeat(MAX_RECORD_BYTES / 4)}"`;
    const events = [half, "1", half, half, `"${"x".repeat(MAX_RECORD_BYTES)}"`, "2"].map((value) => anEvent({ value }));

    await journal.append(events);

    const records = journal.read(...ALL);
    expect(records.map(({ data }) => splitRecord(data).length)).toEqual([2, 1, 1, 1, 1]);
    expect(eventsIn(journal)).toEqual(events);
  });

  test("answers that nothing was taken when the disk is full, and takes what fits", async () => {
    const database = openDatabase(":memory:");
    const journal = openLocalJournal({ database });
    database.get("PRAGMA max_page_count = 100");
    const large = anEvent({ value: `"${"x".repeat(1_000_000)}"` });
    const small = anEvent();

    const [refused, taken] = await Promise.all([journal.append([large, anEvent()]), journal.append([small])]);

    const notTaken = { notTaken: "the disk is full", retryAfterSeconds: expect.any(Number) };
    expect(refused).toEqual([notTaken, notTaken]);
    expect(taken).toEqual([{ point: expect.anything() }]);
    expect(eventsIn(journal)).toEqual([small]);
  });

  test("appends nothing of a call whose work alongside fails, and lets none pay for another", async () => {
    const bad = anEvent();
    const alongside = (entries: readonly JournalEntry[]) => {
      if (entries.some(({ event }) => event === bad)) throw new Error("a bug");
    };
    const journal = openLocalJournal({ database: openDatabase(":memory:"), alongside });
    const good = [anEvent(), anEvent()];

    const outcomes = await Promise.allSettled([good[0], bad, good[1]].map((event) => journal.append([event ?? bad])));

    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(outcomes[1]).toMatchObject({ reason: new Error("a bug") });
    expect(eventsIn(journal)).toEqual(good);
  });

  test("reads on after a record, as many as both limits allow but one at least", async () => {
    const journal = openLocalJournal({ database: openDatabase(":memory:") });
    for (let count = 0; count < 4; count++) await journal.append([anEvent()]);
    const numbers = journal.read(...ALL).map(({ sequenceNumber }) => sequenceNumber);
    const bytes = Buffer.byteLength(journal.read(0n, 1, 1)[0]?.data as string);

    expect(journal.read(0n, 2, 1_000_000).map(({ sequenceNumber }) => sequenceNumber)).toEqual(numbers.slice(0, 2));
    expect(journal.read(numbers[0] as bigint, 10, 2 * bytes)).toHaveLength(2);
    expect(journal.read(numbers[2] as bigint, 10, 0)).toHaveLength(1);
    expect(journal.read(numbers[3] as bigint, 10, 1_000_000)).toEqual([]);
  });

  test("tells listeners of new records until they leave", async () => {
    const journal = openLocalJournal({ database: openDatabase(":memory:") });
    const told: number[] = [];
    const leave = journal.onAppended(() => told.push(journal.read(...ALL).length));

    await journal.append([anEvent()]);
    await journal.append([anEvent()]);
    leave();
    await journal.append([anEvent()]);

    expect(told).toEqual([1, 2]);
  });

  test("forgets old records up to a number, and never gives a number again", async () => {
    let now = 1000;
    const journal = openLocalJournal({ database: openDatabase(":memory:"), now: () => now++ });
    for (let count = 0; count < 4; count++) await journal.append([anEvent()]);
    const numbers = journal.read(...ALL).map(({ sequenceNumber }) => sequenceNumber);

    expect(await journal.forget(1003, numbers[1])).toBe(2);
    expect(await journal.forget(1003)).toBe(1);
    expect(journal.read(...ALL).map(({ sequenceNumber }) => sequenceNumber)).toEqual([numbers[3]]);
    expect(await journal.forget(2000)).toBe(1);
    await journal.append([anEvent()]);
    expect(journal.read(...ALL)[0]?.sequenceNumber).toBeGreaterThan(numbers[3] as bigint);
  });

  test("appends what waits when it is closed", async () => {
    const database = openDatabase(":memory:");
    const journal = openLocalJournal({ database });

    const appending = journal.append([anEvent()]);
    journal.close();
    database.close();

    expect(await appending).toEqual([{ point: expect.anything() }]);
  });
});
