import { ByteQueue } from "#cli/replay/byte-queue.ts";
import { beginsGzip, type Damage, inflateMembers } from "#cli/replay/gzip-members.ts";
import { type ArchivedLine, LineSplitter } from "#core/events/records/line-splitter.ts";

/** More than tells gzip from text. */
const SNIFFED_BYTES = 16;

/** A part of a file that is damaged, after so many of its lines. */
export interface DamagedPart extends Damage {
  readonly afterLine: number;
}

/**
 * The lines of an archived file, list by list, and what is damaged in between: plain NDJSON, or gzip of any number of
 * members, whatever the file is called. Holds a few hundred kilobytes and one line, whatever the file inflates to.
 */
export async function* readArchived(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly ArchivedLine[] | DamagedPart> {
  const bytes = new ByteQueue(chunks);
  const splitter = new LineSplitter();
  try {
    const isGzip = beginsGzip(await bytes.peek(SNIFFED_BYTES));
    for await (const part of isGzip ? inflateMembers(bytes) : plain(bytes)) {
      if (part instanceof Uint8Array) {
        yield splitter.push(part);
        continue;
      }
      // A line that the damage cut must not be joined to what follows it.
      yield splitter.end();
      yield { ...part, afterLine: splitter.lines };
    }
    yield splitter.end();
  } finally {
    await bytes.close();
  }
}

async function* plain(bytes: ByteQueue): AsyncGenerator<Buffer> {
  for (let chunk = await bytes.take(); chunk !== undefined; chunk = await bytes.take()) yield chunk;
}
