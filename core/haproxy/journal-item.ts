import type { Event } from "#core/events/event.ts";
import { fromJournalLine } from "#core/events/journal-record.ts";
import { fromLogRecordLine, type LogRecord } from "#core/haproxy/log-record.ts";

/** What a line of the journal holds, whichever stream, archive or dead letter it is in. */
export type JournalItem = { readonly event: Event } | { readonly record: LogRecord };

/** An event has this member; in a log record quotes can only stand escaped. */
const ONLY_IN_EVENTS = '"receivedAtMs":';

/** Told by its members, not by where it lies. Throws a SyntaxError for a line that is neither. */
export function readJournalItem(line: string): JournalItem {
  if (line.includes(ONLY_IN_EVENTS)) return { event: fromJournalLine(line) };
  try {
    return { record: fromLogRecordLine(line) };
  } catch (error) {
    throw new SyntaxError(`no event, and ${(error as Error).message}`);
  }
}
