import { setTimeout as sleep } from "node:timers/promises";
import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  type Shard,
} from "@aws-sdk/client-kinesis";
import { type Finding, ok, warn } from "#cli/doctor/finding.ts";
import { lagFindings } from "#cli/doctor/lag.ts";
import type { HeldCheckpoint } from "#cli/doctor/read-checkpoints.ts";
import { fromSeq } from "#core/events/event-journal.ts";
import { listShards, shardName } from "#journals/kinesis/list-shards.ts";

export interface StreamCheck {
  readonly kinesis: KinesisClient;
  readonly streamName: string;
  /** Of every stream; undefined where they could not be read. */
  readonly checkpoints: readonly HeldCheckpoint[] | undefined;
  readonly nowMs: number;
}

const HOUR_MS = 3_600_000;
/** The checkpoint of a shard that is gone is removed once a day. */
const TIDYING_MS = 48 * HOUR_MS;

/** The stream, how far each of its shards is indexed, and checkpoints whose shard is gone. */
export async function checkStream({
  kinesis,
  streamName,
  checkpoints,
  nowMs,
}: StreamCheck): Promise<readonly Finding[]> {
  const part = `stream ${streamName}`;
  const { StreamDescriptionSummary: stream } = await kinesis.send(
    new DescribeStreamSummaryCommand({ StreamName: streamName }),
  );
  const state = `${stream?.StreamStatus}, ${stream?.OpenShardCount} open shards, keeps ${stream?.RetentionPeriodHours} h`;
  const described = [ok(part, state)];
  if (checkpoints === undefined) return described;
  const shards = await listShards(kinesis, streamName);
  const seqs = new Map(checkpoints.map(({ shard, seq }) => [shard, seq]));
  const waits = await Promise.all(
    shards.map(async (shard) => {
      const name = shardName(streamName, shard);
      const arrivedMs = await oldestUnread(kinesis, streamName, shard, seqs.get(name));
      return { shard: name, waitedMs: arrivedMs === undefined ? 0 : Math.max(0, nowMs - arrivedMs) };
    }),
  );
  const known = new Set(waits.map(({ shard }) => shard));
  const tidiedMs = (stream?.RetentionPeriodHours ?? 0) * HOUR_MS + TIDYING_MS;
  const left = checkpoints.filter(
    ({ shard, arrivedAtMs = -Infinity }) =>
      shard.startsWith(`${streamName}/`) && !known.has(shard) && nowMs - arrivedAtMs > tidiedMs,
  );
  return [...described, ...waitFindings(part, waits), ...leftFindings(part, left)];
}

/** How long the oldest record of a shard that is not indexed has waited. */
interface Wait {
  readonly shard: string;
  readonly waitedMs: number;
}

function waitFindings(part: string, waits: readonly Wait[]): readonly Finding[] {
  const late = waits.flatMap(({ shard, waitedMs }) => lagFindings(part, shard, waitedMs));
  if (late.length > 0) return late;
  const longestMs = Math.max(0, ...waits.map(({ waitedMs }) => waitedMs));
  return [ok(part, `every shard is indexed, the longest wait is ${Math.round(longestMs / 1000)} s`)];
}

function leftFindings(part: string, left: readonly HeldCheckpoint[]): readonly Finding[] {
  if (left.length === 0) return [];
  const names = left.map(({ shard }) => shard).join(", ");
  return [warn(part, `checkpoints are left of shards that the stream no longer has: ${names}`, "left-checkpoints")];
}

/** A part of a shard without records is passed in several steps, each of some minutes of the stream. */
const MAX_STEPS = 50;
/** A shard is read five times a second at most, by all its readers. */
const BETWEEN_STEPS_MS = 500;

/** When the first record after the checkpoint arrived; undefined when there is none. */
async function oldestUnread(
  kinesis: KinesisClient,
  streamName: string,
  { ShardId }: Shard,
  seq: string | undefined,
): Promise<number | undefined> {
  const from =
    seq === undefined
      ? ({ ShardIteratorType: "TRIM_HORIZON" } as const)
      : ({
          ShardIteratorType: "AFTER_SEQUENCE_NUMBER",
          StartingSequenceNumber: String(fromSeq(seq).sequenceNumber),
        } as const);
  const { ShardIterator } = await kinesis.send(
    new GetShardIteratorCommand({ StreamName: streamName, ShardId, ...from }),
  );
  let iterator = ShardIterator;
  for (let step = 0; step < MAX_STEPS; step++) {
    const page = await kinesis.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 1 }));
    const arrived = page.Records?.[0]?.ApproximateArrivalTimestamp;
    if (arrived !== undefined) return arrived.getTime();
    // At the tip, or at the end of a closed shard.
    if (!page.MillisBehindLatest) return undefined;
    iterator = page.NextShardIterator;
    if (iterator === undefined) return undefined;
    await sleep(BETWEEN_STEPS_MS);
  }
  throw new Error(`${ShardId} has a longer part without records than was read`);
}
