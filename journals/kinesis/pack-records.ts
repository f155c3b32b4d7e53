import type { Event } from "#core/events/event.ts";
import { toJournalLine } from "#core/events/records/journal-record.ts";

/** A record of the stream, and which of the appended items it carries, by their places, in the order of its lines. */
export interface PackedRecord {
  readonly partitionKey: string;
  readonly data: Uint8Array;
  readonly places: readonly number[];
}

/** Records of one key: each may be put only when the one before it is durable. There is always a first. */
export type Lane = readonly [PackedRecord, ...PackedRecord[]];

/*
 * A record is at most 1 MiB with its partition key, whose 256 characters may take 1 KiB. A line has more than a hundred
 * bytes, so that no record comes near MAX_EVENTS_PER_RECORD.
 */
const MAX_RECORD_BYTES = 1024 * 1024 - 1024;

/** Smaller, so that a large request without keys spreads over the shards, each of which takes 1 MiB a second. */
const KEYLESS_RECORD_BYTES = 256 * 1024;

/** PutRecords takes 500 records and 5 MiB, partition keys included. */
const MAX_CALL_RECORDS = 500;
const MAX_CALL_BYTES = 5 * 1024 * 1024;

/** Stands for the empty key, which Kinesis does not take. */
const EMPTY_KEY = "-";

interface OpenRecord {
  readonly partitionKey: string;
  readonly places: number[];
  lines: string;
  bytes: number;
}

/**
 * Packs events into as few records as their keys allow: a lane for each key, and one for each record of keyless events,
 * which goes to the shard that the id of its first event falls on. Throws a RangeError for an event beyond a record.
 */
export function toLanes(events: readonly Event[]): Lane[] {
  const lanes: OpenRecord[][] = [];
  const keyed = new Map<string, OpenRecord[]>();
  let keyless: OpenRecord | undefined;
  events.forEach((event, place) => {
    const line = toJournalLine(event);
    const bytes = Buffer.byteLength(line);
    if (bytes > MAX_RECORD_BYTES)
      throw new RangeError(`event ${event.id} has ${bytes} bytes, a record holds ${MAX_RECORD_BYTES}`);
    if (event.key === undefined) {
      if (keyless === undefined || keyless.bytes + bytes > KEYLESS_RECORD_BYTES) {
        keyless = emptyRecord(event.id);
        lanes.push([keyless]);
      }
      add(keyless, place, line, bytes);
      return;
    }
    let lane = keyed.get(event.key);
    if (lane === undefined) {
      lane = [];
      keyed.set(event.key, lane);
      lanes.push(lane);
    }
    let record = lane.at(-1);
    if (record === undefined || record.bytes + bytes > MAX_RECORD_BYTES) {
      record = emptyRecord(event.key || EMPTY_KEY);
      lane.push(record);
    }
    add(record, place, line, bytes);
  });
  return lanes.map((records) => records.map(toPacked) as unknown as Lane);
}

const emptyRecord = (partitionKey: string): OpenRecord => ({ partitionKey, places: [], lines: "", bytes: 0 });

function add(record: OpenRecord, place: number, line: string, bytes: number): void {
  record.places.push(place);
  record.lines += line;
  record.bytes += bytes;
}

const toPacked = ({ partitionKey, places, lines }: OpenRecord): PackedRecord => ({
  partitionKey,
  places,
  data: Buffer.from(lines),
});

/** The lanes whose first records go into one call, call by call. */
export function toCalls(lanes: readonly Lane[]): Lane[][] {
  const calls: Lane[][] = [];
  let call: Lane[] = [];
  let bytes = 0;
  for (const lane of lanes) {
    const [{ data, partitionKey }] = lane;
    const more = data.length + Buffer.byteLength(partitionKey);
    if (call.length === 0 || call.length === MAX_CALL_RECORDS || bytes + more > MAX_CALL_BYTES) {
      call = [];
      calls.push(call);
      bytes = 0;
    }
    call.push(lane);
    bytes += more;
  }
  return calls;
}
