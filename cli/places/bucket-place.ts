import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { toAwsFailure } from "#cli/aws-failure.ts";
import type { Place, PlaceEntry } from "#cli/places/place.ts";
import { PulseError } from "#core/errors.ts";

/**
 * What begins with a prefix in a bucket. Credentials and endpoint are those of
 * the environment, and so is a region unsaid.
 */
export class BucketPlace implements Place {
  readonly name: string;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #client: S3Client;

  constructor(bucket: string, prefix: string, config: { readonly region?: string }) {
    this.name = `s3://${bucket}/${prefix}`;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#client = new S3Client(config);
  }

  nameOf(path: string): string {
    return `${this.name}${path}`;
  }

  async *entries(folder: string): AsyncGenerator<PlaceEntry> {
    let next: string | undefined;
    do {
      const listing = await this.#asked(folder, () =>
        this.#client.send(
          new ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: `${this.#prefix}${folder}`,
            Delimiter: "/",
            ContinuationToken: next,
          }),
        ),
      );
      const entries = [
        ...(listing.CommonPrefixes ?? []).map(({ Prefix = "" }) => ({
          key: Prefix,
          entry: { folder: this.#path(Prefix) },
        })),
        ...(listing.Contents ?? []).map(({ Key = "", Size = 0, LastModified }) => ({
          key: Key,
          entry: { path: this.#path(Key), bytes: Size, modifiedMs: LastModified?.getTime() ?? Number.NaN },
        })),
      ];
      // An object of the folder's own name is what consoles make for an empty folder.
      const held = entries.filter(({ key }) => key !== `${this.#prefix}${folder}`);
      for (const { entry } of held.sort((one, other) => (one.key < other.key ? -1 : 1))) yield entry;
      next = listing.NextContinuationToken;
    } while (next !== undefined);
  }

  #path(key: string): string {
    return key.slice(this.#prefix.length);
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    const { Body } = await this.#asked(path, () =>
      this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: `${this.#prefix}${path}` })),
    );
    try {
      yield* Body as AsyncIterable<Uint8Array>;
    } catch (cause) {
      throw new PulseError("unavailable", `${this.nameOf(path)} did not come whole: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  async write(path: string, text: string): Promise<void> {
    const input = {
      Bucket: this.#bucket,
      Key: `${this.#prefix}${path}`,
      Body: text,
      ContentType: "application/x-ndjson",
    };
    await this.#asked(path, () => this.#client.send(new PutObjectCommand(input)));
  }

  /** A copy, then a removal: what is interrupted between is there twice. */
  async move(path: string, to: string): Promise<void> {
    const source = `${this.#bucket}/${this.#prefix}${path}`.split("/").map(encodeURIComponent).join("/");
    const input = { Bucket: this.#bucket, Key: `${this.#prefix}${to}`, CopySource: source };
    await this.#asked(path, () => this.#client.send(new CopyObjectCommand(input)));
    await this.remove(path);
  }

  async remove(path: string): Promise<void> {
    await this.#asked(path, () =>
      this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: `${this.#prefix}${path}` })),
    );
  }

  async #asked<Answer>(path: string, ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask();
    } catch (error) {
      throw toAwsFailure(this.nameOf(path), error);
    }
  }

  close(): void {
    this.#client.destroy();
  }
}
