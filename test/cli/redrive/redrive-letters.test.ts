import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { type RedriveOptions, redriveLetters } from "#cli/redrive/redrive-letters.ts";
import { toArchiveEvent } from "#core/artifacts/archive-event.ts";
import { systemClock } from "#core/clock.ts";
import type { Journal } from "#core/events/append-again.ts";
import type { Event } from "#core/events/event.ts";
import { toSeq } from "#core/events/event-journal.ts";
import { type DeadLetter, toDeadLetterLines } from "#core/events/index-entries.ts";
import { toJournalLine } from "#core/events/records/journal-record.ts";
import { type LogRecord, lineId, toLogRecordLine } from "#core/haproxy/logs/log-record.ts";
import { toBatch } from "#dev/journal-consumer.ts";
import { toItem } from "#stores/dynamodb/artifact-item.ts";
import { toDestinationFile } from "#test/support/aws/event-source-mapping-discarded.ts";
import { toStreamBatch } from "#test/support/aws/table-stream.ts";
import { memoryPlace } from "#test/support/memory/memory-place.ts";
import { anEvent, RECEIVED_AT_MS } from "#test/support/samples/an-event.ts";

const letterOf = (event: Event, reason = "mapper_parsing_exception: no"): DeadLetter => ({
  reason,
  point: { shard: "events/1", seq: toSeq(1, 0) },
  line: toJournalLine(event).trimEnd(),
});

const fileOf = (...letters: readonly DeadLetter[]) => ({ content: toDeadLetterLines(letters), modifiedMs: 0 });

/** A file as Lambda leaves it, whose batch has these records. */
function lambdaFileOf(...records: readonly (string | Uint8Array)[]): { key: string; body: string } {
  const shardId = "shardId-000000000001";
  const { Records } = toBatch(
    `events/${shardId}`,
    records.map((data, index) => ({ sequenceNumber: BigInt(index + 1), data, appendedAtMs: RECEIVED_AT_MS })),
  );
  const discarded = {
    records: Records,
    shardId,
    condition: "RecordAgeExceeded",
    invocations: 9,
    threw: false,
  } as const;
  return toDestinationFile(discarded, { mappingId: "e6b4", nowMs: RECEIVED_AT_MS });
}

const aRecord = (sequence: number): LogRecord => ({
  id: lineId("0123456789abcdef", sequence),
  at: "2026-03-15T12:00:00.000Z",
  namespace: "default",
  source: "edge-1",
  zone: "UTC",
  line: `line ${sequence} with "receivedAtMs":1 in it`,
});

/** A journal that takes what it is given, or that part of it. */
function aJournal<Item = Event>(
  takes: (item: Item) => boolean = () => true,
): Journal<Item> & { readonly appended: Item[] } {
  const appended: Item[] = [];
  return {
    appended,
    append: async (items) =>
      items.map((item) => {
        if (!takes(item)) return { notTaken: "busy", retryAfterSeconds: 0 };
        appended.push(item);
        return { point: { shard: "events/2", seq: toSeq(appended.length, 0) } };
      }),
  };
}

async function redrive(options: Pick<RedriveOptions, "place" | "journals"> & Partial<RedriveOptions>) {
  const faults: string[] = [];
  const counts = await redriveLetters({
    clock: systemClock,
    types: new Set(),
    reason: "",
    onFault: ({ file, reason }) => faults.push(`${file}: ${reason}`),
    ...options,
  });
  return { ...counts, faults };
}

const letters = (content: Buffer | string | undefined): DeadLetter[] =>
  String(content)
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as DeadLetter);

describe("a redrive", () => {
  test("appends the events of all letters as they were, and moves the files aside", async () => {
    const events = Array.from({ length: 5 }, (_, index) => anEvent({ key: "k", value: `1e40${index}` }));
    const [one, two, three, four, five] = events.map((event) => letterOf(event)) as [DeadLetter, ...DeadLetter[]];
    const place = memoryPlace({
      "index-events/2026-03-15/a.ndjson": fileOf(one, two as DeadLetter),
      "index-events/2026-03-16/b.ndjson": fileOf(three as DeadLetter, four as DeadLetter, five as DeadLetter),
    });
    const before = [...place.files.values()];
    const journal = aJournal();

    const first = await redrive({ place, journals: { events: journal } });
    const second = await redrive({ place, journals: { events: journal } });

    expect(journal.appended).toEqual(events);
    expect(first).toEqual({ files: 2, redriven: 5, leftOut: 0, unreadable: 0, others: [], faults: [] });
    expect(second).toMatchObject({ files: 0, redriven: 0 });
    expect([...place.files.keys()]).toEqual([
      expect.stringMatching(/^redriven\/index-events\/2026-03-15\/a\.[0-9a-f]{12}\.ndjson$/),
      expect.stringMatching(/^redriven\/index-events\/2026-03-16\/b\.[0-9a-f]{12}\.ndjson$/),
    ]);
    expect([...place.files.values()]).toEqual(before);
  });

  test("takes letters of a type and a reason, and leaves the others in their file", async () => {
    const [health, other, busy] = [anEvent({ type: "health" }), anEvent(), anEvent({ type: "health" })];
    const all = [letterOf(health), letterOf(other), letterOf(busy, "disk full")];
    const place = memoryPlace({ "a.ndjson": fileOf(...all) });
    const journal = aJournal();

    const outcome = await redrive({
      place,
      journals: { events: journal },
      types: new Set(["health"]),
      reason: "mapper",
    });

    expect(journal.appended).toEqual([health]);
    expect(outcome).toMatchObject({ redriven: 1, leftOut: 2, unreadable: 0 });
    expect(letters(place.files.get("a.ndjson")?.content)).toEqual([all[1], all[2]]);
    const [moved] = [...place.files].filter(([path]) => path.startsWith("redriven/"));
    expect(letters(moved?.[1].content)).toEqual([all[0]]);

    await redrive({ place, journals: { events: journal } });

    expect(journal.appended).toEqual([health, other, busy]);
    expect([...place.files.keys()].filter((path) => !path.startsWith("redriven/"))).toEqual([]);
    expect(place.files.size).toBe(2);
  });

  test("appends the batches that Lambda has given up", async () => {
    const events = [anEvent(), anEvent(), anEvent({ type: "health", value: '"ä"' })];
    const [one, two, three] = events.map(toJournalLine) as [string, string, string];
    const { key, body } = lambdaFileOf(one + two, three);
    const place = memoryPlace({ [key]: { content: body, modifiedMs: 0 } });
    const journal = aJournal();

    await redrive({ place, journals: { events: journal }, types: new Set(["health"]), reason: "RecordAge" });

    expect(journal.appended).toEqual([events[2]]);
    expect(letters(place.files.get(`${key}.ndjson`)?.content)).toEqual([
      { reason: "RecordAgeExceeded", line: one.trimEnd() },
      { reason: "RecordAgeExceeded", line: two.trimEnd() },
    ]);
    expect(place.files.has(key)).toBe(false);

    await redrive({ place, journals: { events: journal } });

    expect(journal.appended).toEqual([events[2], events[0], events[1]]);
  });

  test("appends the events of artifacts' changes that Lambda has given up, and leaves what is no artifact", async () => {
    const state = {
      namespace: "default",
      kind: "breeds",
      name: "sava/9050",
      version: 2,
      changedAtMs: 1_700_000_000_000,
      change: "update",
      content: { source: "a: 1\n", format: "yaml" },
    } as const;
    const { key, body } = lambdaFileOf("");
    const batch = toStreamBatch([toItem(state, "writer"), { pk: { S: "?" } }]);
    const { KinesisBatchInfo: _, ...metadata } = JSON.parse(body);
    const content = JSON.stringify({ ...metadata, DDBStreamBatchInfo: {}, payload: JSON.stringify(batch) });
    const place = memoryPlace({ [key]: { content, modifiedMs: 0 } });
    const journal = aJournal();

    await redrive({ place, journals: { events: journal } });

    expect(journal.appended).toEqual([toArchiveEvent(state)]);
    expect(letters(place.files.get(`${key}.ndjson`)?.content)).toEqual([
      { reason: "RecordAgeExceeded", line: '{"pk":{"S":"?"}}' },
    ]);
  });

  test("moves a batch of Lambda aside as it is when all of it was appended", async () => {
    const { key, body } = lambdaFileOf(toJournalLine(anEvent()));
    const place = memoryPlace({ [key]: { content: body, modifiedMs: 0 } });

    await redrive({ place, journals: { events: aJournal() } });

    expect([...place.files]).toEqual([
      [expect.stringMatching(/^redriven\/aws\/lambda\/e6b4\/.*\.[0-9a-f]{12}$/), { content: body, modifiedMs: 0 }],
    ]);
  });

  test("names and leaves what holds no event, and no file that is none of dead letters", async () => {
    const { key, body: ofText } = lambdaFileOf("?");
    const body = ofText.replace(Buffer.from("?").toString("base64"), Buffer.of(0xff, 0xfe, 0x0a).toString("base64"));
    const withoutBatch = lambdaFileOf("");
    const [event, unreadable] = [anEvent(), { reason: "the record is not UTF-8", line: "//4K" }];
    const { payload: _, ...metadata } = JSON.parse(withoutBatch.body);
    const kept = {
      "pulse.db": { content: "SQLite format 3", modifiedMs: 0 },
      "text.ndjson": { content: Buffer.from([0xff, 0x0a]), modifiedMs: 0 },
      [key]: { content: body, modifiedMs: 0 },
      [withoutBatch.key]: { content: JSON.stringify(metadata), modifiedMs: 0 },
    };
    const place = memoryPlace({
      ...kept,
      "a.ndjson": fileOf(unreadable, letterOf(event), { reason: "r" } as DeadLetter),
    });
    const journal = aJournal();

    const { faults, redriven, unreadable: count, others } = await redrive({ place, journals: { events: journal } });

    expect(journal.appended).toEqual([event]);
    expect({ redriven, count, others }).toEqual({ redriven: 1, count: 5, others: ["pulse.db"] });
    expect(faults).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^memory\/a\.ndjson: put aside with "the record is not UTF-8", but no event, and not a log record: /,
        ),
        "memory/a.ndjson: no dead letter",
        "memory/text.ndjson: not UTF-8, none of it is looked at",
        expect.stringContaining(`${key}: put aside with "RecordAgeExceeded", but no event`),
        expect.stringMatching(/no batch of a stream.*"startSequenceNumber":"1"/),
      ]),
    );
    for (const [path, file] of Object.entries(kept)) expect(place.files.get(path)).toEqual(file);
    expect(letters(place.files.get("a.ndjson")?.content)).toEqual([unreadable, { reason: "r" }]);
  });

  test("appends log records to the stream of log lines, from letters and from batches of Lambda", async () => {
    const [one, two, three] = [1, 2, 3].map(aRecord) as [LogRecord, LogRecord, LogRecord];
    const event = anEvent();
    const { key, body } = lambdaFileOf(gzipSync(toLogRecordLine(two) + toLogRecordLine(three)));
    const letter = { reason: "mapper_parsing_exception: no", line: toLogRecordLine(one).trimEnd() };
    const place = memoryPlace({
      "index-haproxy-logs/a.ndjson": fileOf(letter, letter),
      "index-events/a.ndjson": fileOf(letterOf(event)),
      [key]: { content: body, modifiedMs: 0 },
    });
    const logs = aJournal<LogRecord>();
    const events = aJournal();

    const onlyEvents = await redrive({ place, journals: { events } });
    const others = await redrive({ place, journals: { events, haproxyLogs: logs }, types: new Set(["health"]) });
    const rest = await redrive({ place, journals: { haproxyLogs: logs }, types: new Set(["haproxy"]) });

    expect(onlyEvents).toMatchObject({ redriven: 1, leftOut: 4, unreadable: 0 });
    expect(events.appended).toEqual([event]);
    expect(others).toMatchObject({ redriven: 0, leftOut: 4 });
    expect(rest).toMatchObject({ redriven: 4, leftOut: 0 });
    expect(logs.appended).toEqual([two, three, one]);
    expect([...place.files.keys()].every((path) => path.startsWith("redriven/"))).toBe(true);
  });

  test("names a record of log lines that is no gzip of any", async () => {
    const damaged = Buffer.concat([gzipSync("x").subarray(0, 12), Buffer.alloc(8)]);
    const { key, body } = lambdaFileOf(damaged);
    const place = memoryPlace({ [key]: { content: body, modifiedMs: 0 } });

    const { faults, unreadable } = await redrive({ place, journals: { haproxyLogs: aJournal<LogRecord>() } });

    expect(unreadable).toBe(1);
    expect(faults).toEqual([expect.stringMatching(/put aside with "RecordAgeExceeded", but no event, and not/)]);
    expect([...place.files.keys()]).toEqual([key]);
  });

  test("appends an event once that a file holds twice", async () => {
    const event = anEvent();
    const place = memoryPlace({ "dead-letters.ndjson": fileOf(letterOf(event), letterOf(event)) });
    const journal = aJournal();

    expect(await redrive({ place, journals: { events: journal } })).toMatchObject({ redriven: 2 });
    expect(journal.appended).toEqual([event]);
  });

  test("tries again what the journal does not take; in the end it moves what was taken, and keeps the rest", async () => {
    const events = Array.from({ length: 4 }, () => anEvent());
    const place = memoryPlace({ "a.ndjson": fileOf(...events.map((event) => letterOf(event))) });
    let tries = 0;
    const patient = aJournal((event) => event !== events[0] || ++tries > 3);
    const broken = aJournal(({ id }) => id !== events[1]?.id);

    await expect(redrive({ place, journals: { events: broken } })).rejects.toThrow(
      "the journal did not take 1 letters of memory/a.ndjson: busy",
    );
    expect(letters(place.files.get("a.ndjson")?.content)).toEqual([letterOf(events[1] as Event)]);
    await redrive({ place, journals: { events: patient } });

    expect([...broken.appended, ...patient.appended].map(({ id }) => id).sort()).toEqual(
      events.map(({ id }) => id).sort(),
    );
    expect([...place.files.keys()].every((path) => path.startsWith("redriven/"))).toBe(true);
  });

  test.each(["write", "move", "remove"] as const)("that is interrupted at a %s loses no letter", async (operation) => {
    const { key, body } = lambdaFileOf(toJournalLine(anEvent()), toJournalLine(anEvent({ type: "health" })));
    const whole = [anEvent({ type: "health" }), anEvent({ type: "health" })].map((event) => letterOf(event));
    const place = memoryPlace({ [key]: { content: body, modifiedMs: 0 }, "b.ndjson": fileOf(...whole) });
    for (let failing = 1; failing < 5; failing++) {
      let calls = 0;
      const interrupted = {
        ...place,
        [operation]: async (...args: [string, string]) => {
          if (++calls === failing) throw new Error("interrupted");
          return place[operation](...args);
        },
      };
      await redrive({ place: interrupted, journals: { events: aJournal() }, types: new Set(["health"]) }).catch(
        () => {},
      );
    }
    const journal = aJournal();
    await redrive({ place, journals: { events: journal } });

    const moved = [...place.files].filter(([path]) => path.startsWith("redriven/"));
    const ids = moved.flatMap(([path]) => path);
    expect([...place.files.keys()].filter((path) => !path.startsWith("redriven/"))).toEqual([]);
    expect(ids.length).toBeGreaterThanOrEqual(2);
    const held = moved.map(([, { content }]) => String(content)).join("");
    for (const letter of whole) expect(held).toContain((JSON.parse(letter.line) as Event).id);
    for (const { kinesis } of (JSON.parse(JSON.parse(body).payload) as { Records: { kinesis: { data: string } }[] })
      .Records) {
      const { id } = JSON.parse(Buffer.from(kinesis.data, "base64").toString()) as Event;
      expect(held.includes(id) || held.includes(kinesis.data)).toBe(true);
    }
  });

  test("only counts where it has no journal", async () => {
    const place = memoryPlace({ "a.ndjson": fileOf(letterOf(anEvent()), letterOf(anEvent({ type: "health" }))) });
    const before = new Map(place.files);

    expect(await redrive({ place, journals: undefined, types: new Set(["event"]) })).toMatchObject({ redriven: 1 });
    expect(place.files).toEqual(before);
  });
});
