import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { toEventJson } from "#core/events/event.ts";
import { fromJournalLine, splitRecord, toJournalLine } from "#core/events/records/journal-record.ts";
import { anyEvent } from "#test/core/events/arbitraries.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

describe("a line of the journal", () => {
  test("gives back the event it was made of", () => {
    fc.assert(fc.property(anyEvent, (event) => expect(fromJournalLine(toJournalLine(event))).toEqual(event)));
  });

  test("is one line of JSON whose value stands in it as it is", () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const line = toJournalLine(event);

        expect(line.indexOf("\n")).toBe(line.length - 1);
        expect(JSON.parse(line)).toMatchObject({ id: event.id, tags: event.tags });
        if (event.value !== undefined) expect(line).toContain(`"value":${event.value}`);
      }),
    );
  });

  test("carries how many deliveries led to its event", () => {
    const event = anEvent({ hops: 3, value: '{"hops":7}' });

    expect(fromJournalLine(toJournalLine(event))).toStrictEqual(event);
    expect(toEventJson(event)).not.toContain('"hops":3');
  });

  test("has neither a key nor a value where the event has none", () => {
    const event = anEvent();

    expect(fromJournalLine(toJournalLine(event))).toStrictEqual(event);
  });

  test.each([
    "",
    "null",
    "1",
    "[]",
    "{}",
    '{"id":"x"}',
    '{"id":"x","receivedAtMs":1,"tags":[]}',
    toJournalLine(anEvent()).replace('"type":"event"', '"type":7'),
    toJournalLine(anEvent()).replace('"namespace":', '"space":'),
    toJournalLine(anEvent()).replace('"timestamp":', '"time":'),
    toJournalLine(anEvent()).replace('"timestampMs":', '"timestampMs":"soon","then":'),
    toJournalLine(anEvent()).slice(0, -3),
    toJournalLine(anEvent()).replace('"id":"', '"id":"\\"'),
    toJournalLine(anEvent()).replace('"namespace":"default"', '"namespace":"De\\"fault"'),
    toJournalLine(anEvent()).replace('"type":"event"', '"type":"e\\nvent"'),
    toJournalLine(anEvent()).replace('"timestamp":"', '"timestamp":"\\"'),
    toJournalLine(anEvent()).replace(/"receivedAtMs":\d+/, '"receivedAtMs":1e400'),
    toJournalLine(anEvent()).replace('"tags":["tests"]', '"tags":["tests",7]'),
    toJournalLine(anEvent({ hops: 1 })).replace('"hops":1', '"hops":-1'),
    toJournalLine(anEvent({ hops: 1 })).replace('"hops":1', '"hops":"1"'),
  ])("is refused where it is not an event: %j", (line) => {
    expect(() => fromJournalLine(line)).toThrow(SyntaxError);
  });
});

describe("a record of the journal", () => {
  test("is split into its lines, whatever was concatenated", () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyEvent, { maxLength: 3 }), { maxLength: 3 }), (records) => {
        const text = records.map((events) => events.map(toJournalLine).join("")).join("");

        expect(splitRecord(text).map(fromJournalLine)).toEqual(records.flat());
      }),
    );
  });
});
