import { pathOfCaller } from "#cli/call.ts";
import { UsageError } from "#cli/usage-error.ts";

/** A file of a place; paths are relative to it, their parts joined by "/". */
export interface PlacedFile {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** What a folder of a place holds: a file, or another folder, whose path ends in "/". */
export type PlaceEntry = PlacedFile | { readonly folder: string };

/** Where files are: a folder of this machine, or what begins with a prefix in a bucket. */
export interface Place {
  /** As it is told apart from others and shown: an absolute path or a URL. */
  readonly name: string;
  /** The same for a file or folder in it. */
  nameOf(path: string): string;
  /** What lies directly in a folder ("" is the place itself), in the order of the paths. */
  entries(folder: string): AsyncIterable<PlaceEntry>;
  read(path: string): AsyncIterable<Uint8Array>;
  /** Writes a whole file, over one of the same path if there is one. */
  write(path: string, text: string): Promise<void>;
  move(path: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  close(): void;
}

const S3_URL = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/;

/**
 * Opens `s3://bucket/prefix`, in the environment's region if none is given, else a folder or a single file. A prefix
 * stands for a folder, ended by "/" or not.
 */
export async function openPlace(text: string, config: { readonly region?: string } = {}): Promise<Place> {
  const [, bucket, prefix = ""] = S3_URL.exec(text) ?? [];
  if (bucket !== undefined) {
    const { BucketPlace } = await import("#cli/places/bucket-place.ts");
    return new BucketPlace(bucket, prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`, config);
  }
  if (/^[a-z0-9]+:\/\//i.test(text))
    throw new UsageError(`a place is a folder, a file or s3://bucket/prefix, not "${text}"`);
  const { openFolderPlace } = await import("#cli/places/folder-place.ts");
  return openFolderPlace(pathOfCaller(text));
}

/** All files below a folder, in the order of their paths, but for the folders that are not wanted. */
export async function* filesIn(
  place: Place,
  isWanted: (folder: string) => boolean = () => true,
  folder = "",
): AsyncGenerator<PlacedFile> {
  for await (const entry of place.entries(folder)) {
    if (!("folder" in entry)) yield entry;
    else if (isWanted(entry.folder)) yield* filesIn(place, isWanted, entry.folder);
  }
}
