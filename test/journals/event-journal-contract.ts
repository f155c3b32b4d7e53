import { describe, expect, test } from "@jest/globals";
import type { Event } from "#core/events/event.ts";
import { type Appended, type EventJournal, isSeq, type JournalPoint } from "#core/events/event-journal.ts";
import type { TailPage } from "#core/events/event-store.ts";
import { toJournalLine } from "#core/events/records/journal-record.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

type JournalRecordEntry = TailPage["entries"][number];

/** A journal that one check has for itself. */
export interface OpenedEventJournal {
  readonly journal: EventJournal;
  /** Everything the journal holds, shard by shard in its order, read as its consumers read it. */
  readAll(): Promise<readonly JournalRecordEntry[]>;
  /** Closes the journal and opens it again, as a new process would. */
  reopen(): Promise<Omit<OpenedEventJournal, "reopen">>;
  close(): Promise<void>;
}

/** One promise of the contract: what it says, and how it is tried. */
export interface JournalCheck {
  readonly name: string;
  readonly check: (opened: OpenedEventJournal) => Promise<void>;
}

/** Of many faults alike, as many as one wants to read. */
const SHOWN = 3;

const manyEvents = (count: number, given: (index: number) => Partial<Event> = () => ({})): Event[] =>
  Array.from({ length: count }, (_, index) => anEvent({ value: String(index), ...given(index) }));

/** The points of an append that must have taken all of its events. */
function pointsOf(appended: readonly Appended[]): JournalPoint[] {
  expect(appended.filter((one) => !("point" in one)).slice(0, SHOWN)).toEqual([]);
  return appended.flatMap((one) => ("point" in one ? [one.point] : []));
}

/** Expects each event, and nothing else, to be read back at the point that was answered for it. */
async function expectReadBack(
  { readAll }: Pick<OpenedEventJournal, "readAll">,
  events: readonly Event[],
  points: readonly JournalPoint[],
): Promise<void> {
  const read = await readAll();
  const lines = new Map(read.map(({ event, point }) => [placeOf(point), toJournalLine(event)]));
  const misplaced = events.filter((event, index) => lines.get(placeOf(points[index])) !== toJournalLine(event));
  expect(misplaced.map(({ id }) => id).slice(0, SHOWN)).toEqual([]);
  expect(read.length).toBe(events.length);
}

const placeOf = (point: JournalPoint | undefined): string => `${point?.shard} ${point?.seq}`;

/** Expects points of one shard, each behind the one before. */
function expectRising(points: readonly JournalPoint[]): void {
  expect(new Set(points.map(({ shard }) => shard)).size).toBe(1);
  const backwards = points.filter(({ seq }, index) => seq <= (points[index - 1]?.seq ?? ""));
  expect(backwards.slice(0, SHOWN)).toEqual([]);
}

export const eventJournalChecks: readonly JournalCheck[] = [
  {
    name: "takes nothing when given nothing",
    check: async ({ journal, readAll }) => {
      expect(await journal.append([])).toEqual([]);
      expect(await readAll()).toEqual([]);
    },
  },
  {
    name: "answers for an event where it lies, in a shard of a stream",
    check: async (opened) => {
      const event = anEvent({ key: "a key", value: '{"b":[1.0,1e400,"\\u0000"],"a":null}' });

      const [point] = pointsOf(await opened.journal.append([event]));

      expect(point?.shard).toMatch(/^[^/\s]+\/[^\s]+$/);
      expect(isSeq(point?.seq ?? "")).toBe(true);
      await expectReadBack(opened, [event], [point as JournalPoint]);
    },
  },
  {
    name: "answers for each event of an append in its order, and each lies at its own place",
    check: async (opened) => {
      const events = manyEvents(500, (index) => (index % 3 === 0 ? {} : { key: `key ${index % 7}` }));

      const points = pointsOf(await opened.journal.append(events));

      await expectReadBack(opened, events, points);
    },
  },
  {
    name: "gives back events byte for byte, whatever their tags, keys, types and values",
    check: async (opened) => {
      const events = [
        anEvent({ tags: ['"', "\\", "\n", "\u0000", "\u2028", "😀", "e\u0301", " "], type: "__proto__" }),
        anEvent({ key: 'k"\\\n\u0000😀', namespace: "other" }),
        anEvent({ key: "", timestamp: "2026-03-15T12:00:00.123456789+02:00", timestampMs: 1 }),
        ...[
          "1.50",
          "-0",
          '"\\ud800\u2028"',
          '{"a":1,"a":2}',
          "1".repeat(400),
          `${"[".repeat(1_000)}${"]".repeat(1_000)}`,
        ].map((value) => anEvent({ value })),
      ];

      const points = pointsOf(await opened.journal.append(events));

      await expectReadBack(opened, events, points);
    },
  },
  {
    name: "keeps the events of a key in order in one shard, within an append and from one to the next",
    check: async ({ journal, readAll }) => {
      const ofKey = (events: readonly Event[], key: string) => events.filter((event) => event.key === key);
      const appends = Array.from({ length: 5 }, () => manyEvents(40, (index) => ({ key: `key ${index % 4}` })));

      const points: JournalPoint[] = [];
      for (const events of appends) points.push(...pointsOf(await journal.append(events)));

      const events = appends.flat();
      const read = (await readAll()).map(({ event }) => event);
      for (const key of ["key 0", "key 1", "key 2", "key 3"]) {
        expectRising(points.filter((_, index) => events[index]?.key === key));
        expect(ofKey(read, key)).toEqual(ofKey(events, key));
      }
    },
  },
  {
    name: "keeps the events of a key in the order of their append while other appends run",
    check: async (opened) => {
      const appends = Array.from({ length: 30 }, () => manyEvents(5, () => ({ key: "busy" })));

      const points = await Promise.all(appends.map(async (events) => pointsOf(await opened.journal.append(events))));

      for (const ofAppend of points) expectRising(ofAppend);
      await expectReadBack(opened, appends.flat(), points.flat());
    },
  },
  {
    name: "loses and doubles nothing of many appends at once",
    check: async (opened) => {
      const appends = Array.from({ length: 200 }, (_, append) =>
        manyEvents(1 + (append % 3), (index) => (append % 2 === 0 ? { key: `key ${index}` } : {})),
      );

      const points = await Promise.all(appends.map(async (events) => pointsOf(await opened.journal.append(events))));

      await expectReadBack(opened, appends.flat(), points.flat());
    },
  },
  {
    name: "holds an event as soon as the append has answered",
    check: async ({ journal, readAll }) => {
      for (const event of manyEvents(5)) {
        await journal.append([event]);

        expect((await readAll()).map((entry) => entry.event)).toContainEqual(event);
      }
    },
  },
  {
    name: "takes ten thousand events in one append",
    check: async (opened) => {
      const events = manyEvents(10_000, () => ({ key: "one" }));

      const points = pointsOf(await opened.journal.append(events));

      expectRising(points);
      await expectReadBack(opened, events, points);
    },
  },
  {
    name: "takes events of a quarter of a megabyte, many to an append",
    check: async (opened) => {
      const events = manyEvents(12, (index) => ({ key: "large", value: `"${String(index % 10).repeat(260_000)}"` }));

      const points = pointsOf(await opened.journal.append(events));

      expectRising(points);
      await expectReadBack(opened, events, points);
    },
  },
  {
    name: "goes on behind what it holds when it is opened again",
    check: async (opened) => {
      const [before, after] = [manyEvents(3, () => ({ key: "k" })), manyEvents(3, () => ({ key: "k" }))];
      const points = pointsOf(await opened.journal.append(before));

      const reopened = await opened.reopen();

      await expectReadBack(reopened, before, points);
      points.push(...pointsOf(await reopened.journal.append(after)));
      expectRising(points);
      await expectReadBack(reopened, [...before, ...after], points);
      await reopened.close();
    },
  },
];

/** Registers the contract as tests of a journal; each has one of its own, which it closes. */
export function behavesLikeAnEventJournal(name: string, open: () => Promise<OpenedEventJournal>): void {
  describe(`${name} behaves like an event journal`, () => {
    test.each(eventJournalChecks)("$name", async ({ check }) => {
      const opened = await open();
      try {
        await check(opened);
      } finally {
        await opened.close();
      }
    });
  });
}
