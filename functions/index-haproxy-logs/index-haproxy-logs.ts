import type { DeadLetter, PointedEntry, ReadPart } from "#core/events/index-entries.ts";
import { MAX_INFLATED_BYTES, splitRecord } from "#core/events/records/journal-record.ts";
import { fromLogRecordLine } from "#core/haproxy/logs/read-log-record.ts";
import { type RecordedEvent, toRecordedEvent } from "#core/haproxy/logs/to-event.ts";
import type { LineParser } from "#core/haproxy/parser/haproxy-parser.ts";
import type { LogFigures } from "#functions/shared/metrics.ts";
import { inflate } from "#functions/shared/streams/inflate.ts";
import {
  type StreamConsumer,
  type StreamConsumerOptions,
  type StreamRecord,
  streamConsumer,
} from "#functions/shared/streams/stream-consumer.ts";

export interface IndexHaproxyLogsOptions extends StreamConsumerOptions {
  readonly parse: LineParser;
}

/** From the stream `haproxy-logs` into the store: a line that cannot be parsed is an event too, which says why. */
export const indexHaproxyLogsHandler =
  ({ parse, onBatch = () => {}, ...options }: IndexHaproxyLogsOptions): StreamConsumer =>
  (batch) => {
    const figures: Counting = { lines: 0, unparsed: 0, oldestLineMs: undefined };
    const readRecord = (record: StreamRecord): ReadPart => readLogs(record, parse, figures);
    const consume = streamConsumer(readRecord, {
      ...options,
      onBatch: (outcome) => onBatch("returned" in outcome ? outcome : { ...outcome, logs: figures }),
    });
    return consume(batch);
  };

/** Figures of a batch while it is read. */
type Counting = { -readonly [Name in keyof LogFigures]: LogFigures[Name] };

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A record that is no gzip of text is a dead letter as a whole; a line of it that is no log record, by itself. */
function readLogs({ data, pointAt }: StreamRecord, parse: LineParser, figures: Counting): ReadPart {
  let text: string;
  try {
    text = utf8.decode(inflate(data, MAX_INFLATED_BYTES));
  } catch (error) {
    const reason = `the record cannot be read: ${(error as Error).message}`;
    return { entries: [], unreadable: [{ reason, point: pointAt(0), line: data.toString("base64") }] };
  }
  const entries: PointedEntry[] = [];
  const unreadable: DeadLetter[] = [];
  for (const [offset, line] of splitRecord(text).entries()) {
    const point = pointAt(offset);
    try {
      const record = fromLogRecordLine(line);
      const recorded = toRecordedEvent(record, parse);
      const { event, shape } = recorded;
      // An object that is put together of others takes several times as long.
      entries.push(shape === undefined ? { event, point, line } : { event, shape, point, line });
      if (!("receipt" in record)) count(recorded, figures);
    } catch (error) {
      unreadable.push({ reason: (error as Error).message, point, line });
    }
  }
  return { entries, unreadable };
}

function count({ event: { receivedAtMs }, unparsed }: RecordedEvent, figures: Counting): void {
  figures.lines++;
  if (unparsed !== undefined) figures.unparsed++;
  figures.oldestLineMs = Math.min(figures.oldestLineMs ?? receivedAtMs, receivedAtMs);
}
