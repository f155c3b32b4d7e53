import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import type { ArchiveFault } from "#cli/replay/archive-doubt.ts";
import { replayArchive } from "#cli/replay/replay-archive.ts";
import type { Event } from "#core/events/event.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { archivedEventReader } from "#core/haproxy/logs/journal-item.ts";
import { type LogRecord, toLogRecordLine } from "#core/haproxy/logs/log-record.ts";
import { toRecordedEvent } from "#core/haproxy/logs/to-event.ts";
import { toBatch } from "#dev/journal-consumer.ts";
import { indexHaproxyLogsHandler } from "#functions/index-haproxy-logs/index-haproxy-logs.ts";
import { NaiveEventStore } from "#test/stores/naive-event-store.ts";
import { isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { type MemoryPlace, memoryPlace } from "#test/support/memory/memory-place.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { anEvent, RECEIVED_AT_MS } from "#test/support/samples/an-event.ts";
import { archived, archivePath } from "#test/support/samples/archive.ts";
import { aLogLine, aReceiptRecord, httplogLine } from "#test/support/samples/log-records.ts";
import { parseHaproxyLine } from "#test/support/samples/parse-haproxy-line.ts";
import { plainEvent } from "#test/support/samples/plain-event.ts";
import { documentsOf } from "./documents-of.ts";

const DAY_MS = 24 * 3_600_000;
/** Many indices are made, on a node that other tests are using. */
const PATIENT_MS = 120_000;

const memberOf = (...records: readonly LogRecord[]): Buffer => gzipSync(records.map(toLogRecordLine).join(""));
const atOf = (day: number): string => new Date(RECEIVED_AT_MS + day * DAY_MS).toISOString();

/** Lines of three days, some in no known format, and receipts: each a record of the stream. */
const members: readonly (readonly LogRecord[])[] = [0, 1, 2].map((day) => [
  ...Array.from({ length: 20 }, (_, index) => ({
    ...aLogLine(100 * day + index, index % 5 === 0 ? "<134>what is this" : httplogLine()),
    at: atOf(day),
  })),
  { ...aReceiptRecord(day), at: atOf(day) },
]);
const records = members.flat();

/** As Firehose leaves the stream: members of gzip, one behind the other, and some of them twice. */
function anArchive(): MemoryPlace {
  const archive = memoryPlace();
  members.forEach((member, day) => {
    const arrivedMs = RECEIVED_AT_MS + day * DAY_MS + 1000;
    const content = Buffer.concat([memberOf(...member), memberOf(...member.slice(0, 3))]);
    archive.files.set(archivePath(arrivedMs, "f.ndjson.gz", "haproxy-logs"), { content, modifiedMs: arrivedMs });
  });
  return archive;
}

const notExpected = (fault: ArchiveFault): void => {
  throw new Error(`no fault was expected: ${JSON.stringify(fault)}`);
};

function replayInto(
  store: Pick<EventStore, "keep">,
  archive: MemoryPlace,
  { onFault = notExpected, wanted = {} } = {},
) {
  return replayArchive({
    archive,
    wanted: { types: new Set(), ...wanted },
    read: archivedEventReader(parseHaproxyLine),
    keep: (entries) => store.keep(entries),
    onFault,
  });
}

const TYPES = ["haproxy", "metrics", "event"];

async function allOf(store: EventStore): Promise<readonly Event[]> {
  return (await store.search({ ...everyEvent("default"), types: TYPES }, { offset: 0, limit: 1000 })).events;
}

const byId = (one: Event, other: Event): number => (one.id < other.id ? -1 : 1);
const eventsOf = (some: readonly LogRecord[]): readonly Event[] =>
  some.map((record) => plainEvent(toRecordedEvent(record, parseHaproxyLine).event)).sort(byId);

describe("a replay of log lines", () => {
  test("keeps the events that their indexer makes of them, also of lines in no known format and of receipts", async () => {
    const store = new NaiveEventStore();

    const { lines } = await replayInto(store, anArchive());

    expect(lines).toEqual({ kept: records.length + 9, refused: 0, unreadable: 0, leftOut: 0 });
    expect([...(await allOf(store))].sort(byId)).toEqual(eventsOf(records));
  });

  test("takes what was received in a time, and looks into no folder that cannot hold it", async () => {
    const archive = anArchive();
    const store = new NaiveEventStore();

    await replayInto(store, archive, { wanted: { fromMs: RECEIVED_AT_MS + 2 * DAY_MS } });

    expect([...(await allOf(store))].sort(byId)).toEqual(eventsOf(members[2] ?? []));
    expect(archive.folders).not.toContain(archivePath(RECEIVED_AT_MS, "", "haproxy-logs"));
  });

  test("goes along with one of events, each line being told by what it is; what could not be delivered is passed over", async () => {
    const archive = anArchive();
    const event = anEvent({ value: '{"line":"a","at":"b"}' });
    archive.files.set("errors/haproxy-logs/x/2026/03/15/1", { content: '{"rawData":"AA=="}\n', modifiedMs: 0 });
    archive.files.set(archivePath(RECEIVED_AT_MS, "f"), { content: archived([event]), modifiedMs: 0 });
    const store = new NaiveEventStore();

    await replayInto(store, archive);

    expect([...(await allOf(store))].sort(byId)).toEqual([...eventsOf(records), event].sort(byId));
  });

  test("names a line that is no log record, and keeps all others", async () => {
    const [good] = records as [LogRecord];
    const archive = memoryPlace({
      f: { content: `${toLogRecordLine(good)}{"id":"a","line":"b"}\n${toLogRecordLine(good)}`, modifiedMs: 0 },
    });
    const faults: ArchiveFault[] = [];

    const { lines } = await replayInto(new NaiveEventStore(), archive, { onFault: (fault) => faults.push(fault) });

    expect(lines).toMatchObject({ kept: 2, unreadable: 1 });
    expect(faults).toEqual([
      {
        file: "memory/f",
        line: 2,
        reason: expect.stringMatching(/^no event, and not a log record: \/at is missing; /),
      },
    ]);
  });
});

describe("a place that is no archive", () => {
  const keepNothing = { keep: () => Promise.reject(new Error("nothing is to be kept")) };

  test.each([
    [1, "its first line is"],
    [99, "none of its first 99 lines is"],
    [100_000, "none of its first 100 lines is"],
  ])("with %i lines is refused once, and no fault is told by itself", async (lines, what) => {
    const content = "<134>haproxy[1]: 127.0.0.1:1 a raw line\n".repeat(lines);
    const place = memoryPlace({ "haproxy.log": { content, modifiedMs: 0 } });

    await expect(replayInto(keepNothing, place)).rejects.toThrow(
      `memory is no archive: ${what} an event or a log record (memory/haproxy.log:1: no event, and not a log record: `,
    );
  });

  test("is not told by damage alone, and not where one line could be read", async () => {
    const faults: ArchiveFault[] = [];
    const onFault = (fault: ArchiveFault) => faults.push(fault);
    const torn = memberOf(...records).subarray(0, 30);
    const late = `${"nonsense\n".repeat(98)}${toLogRecordLine(records[0] as LogRecord)}${"nonsense\n".repeat(98)}`;

    await replayInto(keepNothing, memoryPlace({ f: { content: torn, modifiedMs: 0 } }), { onFault });
    await replayInto(new NaiveEventStore(), memoryPlace({ f: { content: late, modifiedMs: 0 } }), { onFault });

    expect(faults.map(({ line }) => line)).toEqual([
      undefined,
      ...Array.from({ length: 197 }, (_, index) => index + 1).filter((line) => line !== 99),
    ]);
  });
});

describeOpenSearch("a replay of log lines into OpenSearch", (url) => {
  async function index(store: EventStore): Promise<void> {
    const indexing = indexHaproxyLogsHandler({
      store,
      deadLetters: { take: () => Promise.reject(new Error("no line is a dead letter")) },
      parse: parseHaproxyLine,
    });
    const batch = members.map((member, place) => ({
      sequenceNumber: BigInt(place + 1),
      data: memberOf(...member),
      appendedAtMs: RECEIVED_AT_MS,
    }));
    expect(await indexing(toBatch("haproxy-logs/0", batch))).toEqual({ batchItemFailures: [] });
  }

  test(
    "changes no document, however often; into an empty cluster it makes the same again, but for places in the journal",
    async () => {
      const [indexed, empty] = [await isolateInstalled(url()), await isolateInstalled(url())];
      try {
        const store = await indexed.open();
        await index(store);
        const before = await documentsOf(indexed);

        for (let times = 0; times < 2; times++) await replayInto(store, anArchive());
        const rebuilt = await empty.open();
        await replayInto(rebuilt, anArchive());

        const events = Object.keys(before).filter((name) => !name.startsWith("_types "));
        expect(events).toHaveLength(records.length);
        expect(new Set(events.map((name) => name.split(" ")[0])).size).toBe(4);
        expect(await documentsOf(indexed)).toEqual(before);
        const after = await documentsOf(empty);
        expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
        for (const [name, { _source }] of Object.entries(after))
          expect(_source).toEqual({ ...before[name]?._source, shard: undefined, seq: undefined });
        expect(await allOf(rebuilt)).toEqual(await allOf(store));
      } finally {
        await Promise.all([indexed.remove(), empty.remove()]);
      }
    },
    PATIENT_MS,
  );
});
