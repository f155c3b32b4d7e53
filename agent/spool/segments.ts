import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Block, blockBytesAt, decodeBlock, findBlock, PREAMBLE_BYTES } from "#agent/spool/block.ts";

/** A file of the spool; its number says where it comes in the order. */
export interface Segment {
  readonly number: number;
  readonly path: string;
  /** Grows while it is written. */
  bytes: number;
}

const SEGMENT = /^(\d{12})\.spool$/;

export const segmentPath = (folder: string, number: number): string =>
  join(folder, `${String(number).padStart(12, "0")}.spool`);

/** The segments of a folder, oldest first. */
export async function listSegments(folder: string): Promise<Segment[]> {
  const numbers = (await readdir(folder)).flatMap((name) => SEGMENT.exec(name)?.[1] ?? []).map(Number);
  return Promise.all(
    numbers
      .sort((one, other) => one - other)
      .map(async (number) => {
        const path = segmentPath(folder, number);
        return { number, path, bytes: (await stat(path)).size };
      }),
  );
}

/** A block, or a part of the segment that holds none, from one byte to another. */
export type SegmentPart = { readonly from: number; readonly to: number } & (
  | { readonly block: Block }
  | { readonly damaged: true }
);

const READ_BYTES = 1024 * 1024;

/** What lies between two bytes of a segment, the first of which begins a block. A damaged part costs no other. */
export async function* readSegment(path: string, from: number, to: number): AsyncGenerator<SegmentPart> {
  const file = await open(path, "r");
  try {
    let bytes: Buffer = Buffer.alloc(0);
    let at = 0;
    for (let place = from; place < to; ) {
      if (!holdsBlock(bytes, at)) {
        bytes = await readAt(file, place, Math.min(to - place, READ_BYTES));
        at = 0;
        const needed = blockBytesAt(bytes, 0) ?? 0;
        if (needed > bytes.length && place + needed <= to) bytes = await readAt(file, place, needed);
      }
      const found = decodeBlock(bytes, at);
      if (found === undefined) {
        bytes = await readAt(file, place, to - place);
        at = findBlock(bytes, 1) ?? bytes.length;
        yield { from: place, to: place + at, damaged: true };
        place += at;
        continue;
      }
      const end = place + found.end - at;
      yield { from: place, to: end, block: { header: found.header, body: found.body } };
      place = end;
      at = found.end;
    }
  } finally {
    await file.close();
  }
}

const holdsBlock = (bytes: Buffer, at: number): boolean =>
  at + PREAMBLE_BYTES <= bytes.length && at + (blockBytesAt(bytes, at) ?? Number.POSITIVE_INFINITY) <= bytes.length;

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(buffer, read, length - read, position + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return buffer.subarray(0, read);
}
