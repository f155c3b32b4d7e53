import type { Event } from "#core/events/event.ts";
import { fromJournalLine } from "#core/events/records/journal-record.ts";
import type { ArchivedEvent } from "#core/events/replay-events.ts";
import type { LogRecord } from "#core/haproxy/logs/log-record.ts";
import { fromLogRecordLine } from "#core/haproxy/logs/read-log-record.ts";
import { toRecordedEvent } from "#core/haproxy/logs/to-event.ts";
import type { LineParser } from "#core/haproxy/parser/haproxy-parser.ts";

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

/** How the events of archived lines are read: one that was archived as such, or that of a gateway's log record. */
export const archivedEventReader =
  (parse: LineParser) =>
  (line: string): ArchivedEvent => {
    const item = readJournalItem(line);
    if ("event" in item) return item;
    const { event, shape } = toRecordedEvent(item.record, parse);
    return { event, ...(shape && { shape }) };
  };
