import type { Event } from "#core/events/event.ts";
import type { EventJournal, JournalEntry, JournalPoint } from "#core/events/event-journal.ts";
import { toJournalLine } from "#core/events/records/journal-record.ts";
import { packLines } from "#core/events/records/pack-lines.ts";
import { LocalJournal, type LocalJournalOptions } from "#journals/local/local-journal.ts";

/** As Kinesis has it, so that what reads records needs to know one limit only. */
export const MAX_RECORD_BYTES = 1024 * 1024;

/** Accepted events, as NDJSON. */
export type LocalEventJournal = LocalJournal<Event, string> & EventJournal;

export interface LocalEventJournalOptions extends Omit<LocalJournalOptions<Event>, "alongside"> {
  /** Done in the transaction that appends the entries, and undone with it; when it throws, nothing is appended. */
  readonly alongside?: (entries: readonly (JournalEntry & { readonly point: JournalPoint })[]) => void;
}

export const openLocalJournal = ({ alongside = () => {}, ...options }: LocalEventJournalOptions): LocalEventJournal =>
  new LocalJournal(
    {
      stream: "events",
      table: "journal",
      toRecords: (events) => packLines(events, toJournalLine, MAX_RECORD_BYTES),
    },
    { ...options, alongside: (placed) => alongside(placed.map(({ item, point }) => ({ event: item, point }))) },
  );
