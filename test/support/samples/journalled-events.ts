import type { Event } from "#core/events/event.ts";
import { fromJournalLine, splitRecord } from "#core/events/records/journal-record.ts";
import type { LocalEventJournal } from "#journals/local/local-event-journal.ts";

/** All that a local journal holds, in order. */
export const journalledEvents = (journal: LocalEventJournal): Event[] =>
  journal
    .read(0n, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    .flatMap(({ data }) => [...splitRecord(data)].map(fromJournalLine));
