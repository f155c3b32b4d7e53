import type { Event } from "#core/events/event.ts";
import { MAX_EVENTS_PER_RECORD } from "#core/events/event-journal.ts";
import { toJournalLine } from "#core/events/journal-record.ts";

/** As Kinesis has it, so that what reads records needs to know one limit only. */
export const MAX_RECORD_BYTES = 1024 * 1024;

interface EventRecord {
  readonly data: string;
  readonly events: readonly Event[];
}

/** The events in order, in as few records as the limits allow. An event beyond the limit gets a record of its own. */
export function toRecords(events: readonly Event[]): EventRecord[] {
  const records: EventRecord[] = [];
  let first = 0;
  let data = "";
  let bytes = 0;
  events.forEach((event, index) => {
    const line = toJournalLine(event);
    const lineBytes = Buffer.byteLength(line);
    if (index > first && (bytes + lineBytes > MAX_RECORD_BYTES || index - first === MAX_EVENTS_PER_RECORD)) {
      records.push({ data, events: events.slice(first, index) });
      first = index;
      data = "";
      bytes = 0;
    }
    data += line;
    bytes += lineBytes;
  });
  if (events.length > 0) records.push({ data, events: events.slice(first) });
  return records;
}
