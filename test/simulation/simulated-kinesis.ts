import { hash } from "node:crypto";
import type { KinesisClient, PutRecordsCommand, PutRecordsCommandOutput } from "@aws-sdk/client-kinesis";
import type { KinesisStreamRecord } from "aws-lambda";
import type { Clock } from "#core/clock.ts";
import type { Chaos } from "#test/simulation/chaos.ts";
import { BrokenCall, type Network } from "#test/simulation/network.ts";
import type { SimulatedProcess } from "#test/simulation/simulated-process.ts";
import type { Random } from "#test/support/random.ts";

/** A shard takes the partition keys whose hash is in `[from, to)`, until it is closed. */
export interface StreamShard {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly parents: readonly StreamShard[];
  readonly records: KinesisStreamRecord[];
  closed: boolean;
}

const HASH_KEYS = 2 ** 32;

/**
 * A stream as Kinesis keeps it: records of a shard in the order of their sequence numbers, shards that split and merge.
 */
export class SimulatedStream {
  readonly name: string;
  readonly shards: StreamShard[] = [];
  readonly #time: Clock;
  readonly #random: Random;
  /** Grows over all shards, so that a child's numbers are greater than its parents'. */
  #lastNumber: bigint;

  constructor(name: string, shards: number, time: Clock, random: Random) {
    this.name = name;
    this.#time = time;
    this.#random = random;
    // Numbers of any length, beginning where the next digit is near.
    this.#lastNumber = 10n ** BigInt(random.integer(1, 55)) - BigInt(random.integer(1, 9));
    for (let shard = 0; shard < shards; shard++)
      this.#open((HASH_KEYS / shards) * shard, (HASH_KEYS / shards) * (shard + 1), []);
  }

  get arn(): string {
    return `arn:aws:kinesis:eu-central-1:000000000000:stream/${this.name}`;
  }

  shardOf(id: string): StreamShard {
    return this.shards.find((shard) => shard.id === id) as StreamShard;
  }

  put(partitionKey: string, data: Uint8Array): KinesisStreamRecord {
    const key = Number.parseInt(hash("md5", partitionKey).slice(0, 8), 16);
    const shard = this.shards.find(({ from, to, closed }) => !closed && from <= key && key < to) as StreamShard;
    this.#lastNumber += BigInt(this.#random.integer(1, 3));
    const sequenceNumber = String(this.#lastNumber);
    const record = {
      awsRegion: "eu-central-1",
      eventID: `${shard.id}:${sequenceNumber}`,
      eventName: "aws:kinesis:record",
      eventSource: "aws:kinesis",
      eventSourceARN: this.arn,
      eventVersion: "1.0",
      invokeIdentityArn: "",
      kinesis: {
        kinesisSchemaVersion: "1.0",
        partitionKey,
        sequenceNumber,
        data: Buffer.from(data).toString("base64"),
        approximateArrivalTimestamp: this.#time.now() / 1000,
      },
    };
    shard.records.push(record);
    return record;
  }

  /** Closes an open shard for two children; undefined if it is too narrow. */
  split(): StreamShard | undefined {
    const shard = this.#random.oneOf(this.#openShards());
    if (shard.to - shard.from < 2) return undefined;
    const middle = shard.from + this.#random.integer(1, shard.to - shard.from - 1);
    shard.closed = true;
    this.#open(shard.from, middle, [shard]);
    this.#open(middle, shard.to, [shard]);
    return shard;
  }

  /** Closes two neighbours for one child; undefined if there is only one shard. */
  merge(): readonly StreamShard[] | undefined {
    const open = this.#openShards();
    const one = this.#random.oneOf(open);
    const other = open.find(({ from }) => from === one.to);
    if (other === undefined) return undefined;
    one.closed = true;
    other.closed = true;
    this.#open(one.from, other.to, [one, other]);
    return [one, other];
  }

  #openShards(): StreamShard[] {
    return this.shards.filter(({ closed }) => !closed);
  }

  #open(from: number, to: number, parents: readonly StreamShard[]): void {
    const id = `shardId-${String(this.shards.length).padStart(12, "0")}`;
    this.shards.push({ id, from, to, parents, records: [], closed: false });
  }
}

/** An error as the AWS SDK throws it; one without a status is of the call itself. */
function awsError(name: string, httpStatusCode?: number): Error {
  const error = new Error(name);
  return Object.assign(error, { name, $metadata: httpStatusCode === undefined ? {} : { httpStatusCode } });
}

/** Longer than the journal waits for an answer: it gives up first. */
const NO_ANSWER_MS = 2_500;

/** What `KinesisEventJournal` needs of the AWS SDK's client, for a process that calls this stream. */
export function kinesisClient(
  stream: SimulatedStream,
  { process, network, chaos }: { readonly process: SimulatedProcess; readonly network: Network; readonly chaos: Chaos },
): Pick<KinesisClient, "send" | "destroy"> {
  const put = ({ input }: PutRecordsCommand): Partial<PutRecordsCommandOutput> => ({
    Records: (input.Records ?? []).map(({ PartitionKey = "", Data = new Uint8Array() }) => {
      if (chaos.strikes("throttled-record")) return { ErrorCode: "ProvisionedThroughputExceededException" };
      const { eventID, kinesis } = stream.put(PartitionKey, Data);
      return { ShardId: eventID.slice(0, eventID.indexOf(":")), SequenceNumber: kinesis.sequenceNumber };
    }),
  });
  const send = (command: PutRecordsCommand, { abortSignal }: { abortSignal: AbortSignal }) =>
    new Promise((resolve, reject) => {
      abortSignal.addEventListener("abort", () => reject(awsError("AbortError")));
      if (chaos.strikes("throttled-call")) return reject(awsError("ThrottlingException", 400));
      network
        .call(process, "put records", NO_ANSWER_MS, () => put(command))
        .then(resolve, (error) => {
          reject(error instanceof BrokenCall ? awsError("TimeoutError") : error);
        });
    });
  return { send: send as unknown as KinesisClient["send"], destroy: () => {} };
}
