import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { type ReceivedLine, withoutEnd } from "#agent/inputs/line-sink.ts";
import type { FilePosition } from "#agent/spool/ledger.ts";
import { MAX_FRAME_BYTES } from "#core/haproxy/syslog/syslog-frames.ts";

const CHUNK_BYTES = 256 * 1024;
/** By its first bytes a file is told from another that was given its inode. */
const HEAD_BYTES = 256;
const LINE_FEED = 0x0a;

/** A line of a file, and how far the file is read with it. */
export type FileLine = Pick<ReceivedLine, "bytes" | "cut"> & { readonly position: FilePosition };

/** Reads the lines of an open file as they come, from an offset on. Of one that is too long it gives the beginning. */
export class LineReader {
  readonly #file: FileHandle;
  readonly inode: number;
  #offset: number;
  /** Within a line whose beginning was given. */
  #isSkipping = false;

  constructor(file: FileHandle, inode: number, offset: number) {
    this.#file = file;
    this.inode = inode;
    this.#offset = offset;
  }

  /** The next lines that are all there; none when there are none yet. */
  async read(): Promise<FileLine[]> {
    const chunk = await this.#chunk();
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    if (end === 0) return chunk.length > MAX_FRAME_BYTES ? this.#giveUp(chunk) : [];
    const position = await this.#positionsTo(this.#offset + end);
    const lines: FileLine[] = [];
    for (let from = 0; from < end; ) {
      const next = chunk.indexOf(LINE_FEED, from) + 1;
      const bytes = withoutEnd(chunk.subarray(from, next));
      if (!this.#isSkipping && bytes.length > 0) lines.push(toLine(bytes, position(this.#offset + next)));
      this.#isSkipping = false;
      from = next;
    }
    this.#offset += end;
    return lines;
  }

  /** What stands behind the last whole line of a file that nobody writes any more. */
  async readRest(): Promise<FileLine[]> {
    const chunk = await this.#chunk();
    if (chunk.length === 0 || this.#isSkipping) return [];
    this.#offset += chunk.length;
    return [toLine(chunk, (await this.#positionsTo(this.#offset))(this.#offset))];
  }

  /** Whether the file has become shorter than what was read of it. */
  async isTruncated(): Promise<boolean> {
    return (await this.#file.stat()).size < this.#offset;
  }

  /** Begins anew. */
  rewind(): void {
    this.#offset = 0;
    this.#isSkipping = false;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #chunk(): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, this.#offset);
    return buffer.subarray(0, bytesRead);
  }

  /** A line without an end: its beginning is given once, and the rest is passed over. */
  async #giveUp(chunk: Buffer): Promise<FileLine[]> {
    this.#offset += chunk.length;
    if (this.#isSkipping) return [];
    this.#isSkipping = true;
    return [toLine(chunk, (await this.#positionsTo(this.#offset))(this.#offset))];
  }

  /** Positions in the file, which is so long at least. */
  async #positionsTo(end: number): Promise<(offset: number) => FilePosition> {
    const head = await headOf(this.#file, end);
    return (offset) => ({ inode: this.inode, offset, ...head });
  }
}

const toLine = (bytes: Uint8Array, position: FilePosition): FileLine => {
  const cut = bytes.length > MAX_FRAME_BYTES;
  return { bytes: cut ? bytes.subarray(0, MAX_FRAME_BYTES) : bytes, cut, position };
};

/** What the first bytes of a file say, of which so many are there. */
async function headOf(file: FileHandle, end: number): Promise<Pick<FilePosition, "headBytes" | "headChecksum">> {
  const headBytes = Math.min(end, HEAD_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  return { headBytes: bytesRead, headChecksum: crc32(buffer.subarray(0, bytesRead)) };
}

/** Opens a file to read it from an offset on, or from its end. */
export async function openReader(path: string, from: number | "start" | "end"): Promise<LineReader> {
  const file = await open(path, "r");
  const { ino, size } = await file.stat();
  const offset = from === "end" ? size : from === "start" ? 0 : from;
  return new LineReader(file, ino, offset);
}

/** With fewer first bytes, two files may well begin alike. */
const TELLING_HEAD_BYTES = 64;

/** Whether that file was read up to that position: the same file under any name, or a copy of it. */
export async function isReadTo(
  path: string,
  { inode, offset, headBytes, headChecksum }: FilePosition,
): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { ino, size } = await file.stat();
    if (size < offset || (ino !== inode && headBytes < TELLING_HEAD_BYTES)) return false;
    return (await headOf(file, headBytes)).headChecksum === headChecksum;
  } finally {
    await file.close();
  }
}
