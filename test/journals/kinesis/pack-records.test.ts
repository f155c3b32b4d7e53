import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Event } from "#core/events/event.ts";
import { fromJournalLine, splitRecord, toJournalLine } from "#core/events/records/journal-record.ts";
import { type Lane, type PackedRecord, toCalls, toLanes } from "#journals/kinesis/pack-records.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

const MIB = 1024 * 1024;

const anEventOf = (bytes: number, key?: string): Event =>
  anEvent({ value: JSON.stringify("x".repeat(bytes)), ...(key !== undefined && { key }) });

const textOf = ({ data }: PackedRecord): string => Buffer.from(data).toString();
const sizeOf = ({ data, partitionKey }: PackedRecord): number => data.length + Buffer.byteLength(partitionKey);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const events = fc
  .array(
    fc.record({
      key: fc.option(fc.constantFrom("a", "b", "ключ", "🔑".repeat(128)), { nil: undefined }),
      bytes: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 100_000, max: 262_144 })),
    }),
    { maxLength: 60 },
  )
  .map((drafts) => drafts.map(({ key, bytes }) => anEventOf(bytes, key)));

describe("packing", () => {
  test("gives every event one line, its own, in one record", () => {
    fc.assert(
      fc.property(events, (given) => {
        const records = toLanes(given).flat();

        const places = records.flatMap(({ places }) => places);
        expect([...places].sort((a, b) => a - b)).toEqual(given.map((_, place) => place));
        for (const record of records)
          expect(textOf(record)).toBe(record.places.map((place) => toJournalLine(given[place] as Event)).join(""));
      }),
      { numRuns: 50 },
    );
  });

  test("keeps the events of a key together and in order, under that key alone", () => {
    fc.assert(
      fc.property(events, (given) => {
        const lanes = toLanes(given);

        for (const key of new Set(given.flatMap((event) => event.key ?? []))) {
          const ofKey = lanes.filter(([{ partitionKey }]) => partitionKey === key);
          const packed = ofKey.flat().flatMap((record) => splitRecord(textOf(record)).map(fromJournalLine));
          expect(ofKey).toHaveLength(1);
          expect(packed).toEqual(given.filter((event) => event.key === key));
        }
      }),
      { numRuns: 50 },
    );
  });

  test("stays within what Kinesis takes, per record and per call", () => {
    fc.assert(
      fc.property(events, (given) => {
        const lanes = toLanes(given);
        const calls = toCalls(lanes);

        for (const record of lanes.flat()) expect(sizeOf(record)).toBeLessThanOrEqual(MIB);
        for (const call of calls) expect(sum(call.map(([first]) => sizeOf(first)))).toBeLessThanOrEqual(5 * MIB);
        expect(calls.flat()).toEqual(lanes);
      }),
      { numRuns: 50 },
    );
  });

  test("puts at most 500 records into a call", () => {
    const given = Array.from({ length: 1_201 }, (_, index) => anEventOf(1, `key ${index}`));

    const calls = toCalls(toLanes(given));

    expect(calls.map((call) => call.length)).toEqual([500, 500, 201]);
  });

  test("fills a call up to 5 MiB", () => {
    const given = Array.from({ length: 8 }, (_, index) => anEventOf(MIB - 2_000, `key ${index}`));

    const calls = toCalls(toLanes(given));

    expect(calls.map((call) => call.length)).toEqual([5, 3]);
  });

  test("packs small events without a key into one record, and large requests into several", () => {
    const small = Array.from({ length: 100 }, () => anEventOf(100));
    const large = Array.from({ length: 100 }, () => anEventOf(20_000));

    const partitionKeys = toLanes(large).map(([{ partitionKey }]) => partitionKey);

    expect(toLanes(small)).toHaveLength(1);
    expect(partitionKeys.length).toBeGreaterThan(5);
    expect(new Set(partitionKeys).size).toBe(partitionKeys.length);
  });

  test("lets events without a key wait for nothing", () => {
    const lanes: Lane[] = toLanes(Array.from({ length: 100 }, () => anEventOf(20_000)));

    expect(lanes.every((lane) => lane.length === 1)).toBe(true);
  });

  test("refuses an event that no record can hold", () => {
    expect(() => toLanes([anEventOf(MIB)])).toThrow(RangeError);
  });
});
