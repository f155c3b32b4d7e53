import { buffer } from "node:stream/consumers";
import type { Place, PlacedFile } from "#cli/places/place.ts";

/**
 * Together sixteen megabytes. Larger files are read when it is their turn: they hide the way to the bucket themselves.
 */
const MAX_BYTES = 1024 * 1024;
const MAX_FILES = 16;

interface OpenFile {
  readonly file: PlacedFile;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Opens files in their order, the small ones before it is their turn: an archive of quiet hours has a great many. */
export async function* readAhead(files: AsyncIterable<PlacedFile>, place: Place): AsyncGenerator<OpenFile> {
  const opened: OpenFile[] = [];
  for await (const file of files) {
    const chunks = file.bytes <= MAX_BYTES ? readNow(place, file.path) : place.read(file.path);
    opened.push({ file, chunks });
    if (opened.length > MAX_FILES) yield opened.shift() as OpenFile;
  }
  yield* opened;
}

function readNow(place: Place, path: string): AsyncIterable<Uint8Array> {
  const reading = buffer(place.read(path));
  // The failure is thrown to whoever reads the file.
  reading.catch(() => {});
  return (async function* () {
    yield await reading;
  })();
}
