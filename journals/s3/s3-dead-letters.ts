import { hash } from "node:crypto";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { type DeadLetter, type DeadLetterPlace, toDeadLetterLines } from "#core/events/index-entries.ts";
import { toFailure } from "#journals/s3/failure.ts";

export interface S3DeadLettersOptions {
  readonly bucket: string;
  /** Begins every key: the consumer whose letters these are. */
  readonly prefix: string;
  /** Names the day. @default Date.now */
  readonly now?: () => number;
  /** @default - region and credentials of the environment */
  readonly config?: S3ClientConfig;
}

/**
 * Dead letters in S3, an object of NDJSON for each take: `<prefix>/<day>/<stream>/<shard id>/<seq>-<digest>.ndjson`.
 * The digest is that of the lines: a batch that is repeated overwrites its own object and no other. The client is
 * loaded with the first letter. Throws `unavailable` where a retry may help.
 */
export class S3DeadLetters implements DeadLetterPlace {
  readonly #options: S3DeadLettersOptions;
  #bucket: Promise<Bucket> | undefined;

  constructor(options: S3DeadLettersOptions) {
    this.#options = options;
  }

  async take(letters: readonly DeadLetter[]): Promise<void> {
    const { prefix, now = Date.now } = this.#options;
    const lines = toDeadLetterLines(letters);
    const day = new Date(now()).toISOString().slice(0, "yyyy-mm-dd".length);
    this.#bucket ??= openBucket(this.#options);
    const bucket = await this.#bucket;
    await bucket.put(`${prefix}/${day}/${placeOf(letters)}${hash("sha256", lines).slice(0, 16)}.ndjson`, lines);
  }

  async close(): Promise<void> {
    (await this.#bucket)?.close();
  }
}

/** Where the first letter comes from, if it comes from a journal. */
const placeOf = ([first]: readonly DeadLetter[]): string =>
  first?.point === undefined ? "" : `${first.point.shard}/${first.point.seq}-`;

interface Bucket {
  put(key: string, lines: string): Promise<void>;
  close(): void;
}

async function openBucket({ bucket, config = {} }: S3DeadLettersOptions): Promise<Bucket> {
  const { PutObjectCommand, S3Client } = await import("@aws-sdk/client-s3");
  const client: S3Client = new S3Client(config);
  return {
    async put(key, lines) {
      try {
        await client.send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body: lines, ContentType: "application/x-ndjson" }),
        );
      } catch (error) {
        throw toFailure(error);
      }
    },
    close: () => client.destroy(),
  };
}
