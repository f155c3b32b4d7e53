import type { DeadLetter, PointedEntry, ReadPart } from "#core/events/index-entries.ts";
import { fromJournalLine, splitRecord } from "#core/events/records/journal-record.ts";
import type { StreamRecord } from "#functions/shared/streams/stream-consumer.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The events of a record of `events`. A line that cannot be read is a dead letter
 * of its own; its neighbours are not harmed.
 */
export function readEventRecord({ data, pointAt }: StreamRecord): ReadPart {
  let text: string;
  try {
    text = utf8.decode(data);
  } catch {
    const line = data.toString("base64");
    return { entries: [], unreadable: [{ reason: "the record is not UTF-8", point: pointAt(0), line }] };
  }
  const entries: PointedEntry[] = [];
  const unreadable: DeadLetter[] = [];
  for (const [offset, line] of splitRecord(text).entries()) {
    const point = pointAt(offset);
    try {
      entries.push({ event: fromJournalLine(line), point, line });
    } catch (error) {
      unreadable.push({ reason: (error as Error).message, point, line });
    }
  }
  return { entries, unreadable };
}
