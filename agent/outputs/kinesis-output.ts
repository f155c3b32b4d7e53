import type { KinesisClientConfig } from "@aws-sdk/client-kinesis";
import type { BlockOutcome, Output } from "#agent/outputs/output.ts";
import type { Block } from "#agent/spool/block.ts";
import type { Clock } from "#core/clock.ts";
import { lineId } from "#core/haproxy/logs/log-record.ts";
import { KinesisJournal } from "#journals/kinesis/kinesis-journal.ts";
import type { Lane } from "#journals/kinesis/pack-records.ts";

export interface KinesisOutputOptions {
  readonly streamName: string;
  readonly clock: Clock;
  /** @default - region and credentials of the environment */
  readonly config?: KinesisClientConfig;
}

/** A record takes 1 MiB with its key as it is put, and readers inflate 4 MiB. */
const MAX_RECORD_BYTES = 1_000_000;
const MAX_RECORD_RAW_BYTES = 4 * 1024 * 1024;
/** Twice what a shard takes in a second. */
const BATCH_BYTES = 2 * MAX_RECORD_BYTES;

/** Kinesis refuses the call itself with these: the same one will never pass. */
const REFUSALS = new Set(["InvalidArgumentException", "ValidationException"]);

/** To a Kinesis stream: blocks one behind the other are a record, as gzip members are one file. */
export function openKinesisOutput({ streamName, clock, config }: KinesisOutputOptions): Output {
  const journal = new KinesisJournal<Block>(toLanes, { streamName, clock, ...(config && { config }) });
  return {
    name: `the Kinesis stream ${streamName}`,
    limits: { records: 50_000, rawBytes: 4 * MAX_RECORD_RAW_BYTES, bytes: BATCH_BYTES },
    async send(blocks) {
      try {
        const appended = await journal.append(blocks);
        return appended.map((answer) =>
          "notTaken" in answer ? { kind: "failed", reason: answer.notTaken } : { kind: "delivered" },
        );
      } catch (error) {
        return blocks.map(() => toOutcome(error as Error));
      }
    },
    close: () => journal.close(),
  };
}

/** A missing right or a wrong name is mended by people, and then all passes. */
function toOutcome({ name, message }: Error): BlockOutcome {
  const reason = `${name}: ${message}`;
  return REFUSALS.has(name) ? { kind: "refused", reason } : { kind: "failed", reason };
}

/** A lane for each record: lines have no order among them that a shard would have to keep. */
function toLanes(blocks: readonly Block[]): Lane[] {
  const records: { places: number[]; bytes: number; rawBytes: number }[] = [];
  blocks.forEach(({ header, body }, place) => {
    const record = records.at(-1);
    const fits =
      record !== undefined &&
      record.bytes + body.length <= MAX_RECORD_BYTES &&
      record.rawBytes + header.rawBytes <= MAX_RECORD_RAW_BYTES;
    if (fits) {
      record.places.push(place);
      record.bytes += body.length;
      record.rawBytes += header.rawBytes;
    } else records.push({ places: [place], bytes: body.length, rawBytes: header.rawBytes });
  });
  return records.map(({ places }) => {
    const packed = places.map((place) => blocks[place] as Block);
    const [{ header }] = packed as [Block];
    const data = Buffer.concat(packed.map(({ body }) => body));
    return [{ partitionKey: lineId(header.incarnation, header.from), data, places }];
  });
}
