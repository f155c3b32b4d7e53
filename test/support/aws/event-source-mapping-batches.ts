import type { KinesisStreamRecord } from "aws-lambda";
import type { Clock } from "#core/clock.ts";
import type { MappingRules } from "#test/support/aws/event-source-mapping-settings.ts";
import type { ShardReader } from "#test/support/aws/event-source-mapping-shards.ts";

/** Lambda looks into a shard once a second. */
const POLL_MS = 1_000;
/** What a function is called with may have 6 MB. */
const MAX_BATCH_BYTES = 6 * 1024 * 1024;

/**
 * The records of a shard as batches, until it is closed and read to its end. A batch is due when it is full or has been
 * gathered for as long as the window, and at the shard's end.
 */
export async function* batchesOf(
  read: ShardReader["read"],
  { batchSize, windowMs }: MappingRules,
  clock: Clock,
  pause: (ms: number) => Promise<void>,
): AsyncGenerator<readonly KinesisStreamRecord[]> {
  let gathered: readonly KinesisStreamRecord[] = [];
  let sinceMs = 0;
  for (;;) {
    const { records, closed } = await read(batchSize);
    if (gathered.length === 0) sinceMs = clock.now();
    gathered = [...gathered, ...records];
    while (gathered.length > 0) {
      const fitting = fittingRecords(gathered, batchSize);
      const isFull = fitting === batchSize || fitting < gathered.length;
      if (!isFull && !closed && clock.now() - sinceMs < windowMs) break;
      yield gathered.slice(0, fitting);
      gathered = gathered.slice(fitting);
    }
    if (closed) return;
    if (records.length === 0) await pause(POLL_MS);
  }
}

/** How many of the records make one batch. One that is too large by itself is a batch all the same. */
function fittingRecords(records: readonly KinesisStreamRecord[], batchSize: number): number {
  let bytes = 0;
  const tooMany = records.findIndex((record, index) => {
    bytes += Buffer.byteLength(JSON.stringify(record));
    return index === batchSize || (index > 0 && bytes > MAX_BATCH_BYTES);
  });
  return tooMany < 0 ? records.length : tooMany;
}
