import { once } from "node:events";
import { crc32, createInflateRaw, type InflateRaw } from "node:zlib";
import type { ByteQueue } from "./byte-queue.ts";

/*
 * Gzip (RFC 1952), member by member. node:zlib reads concatenated members as one, and gives up all that it was given
 * together with a byte that fits none; here what is between two members, or in a damaged one, costs no other.
 */

const MAGIC = Buffer.from([0x1f, 0x8b, 0x08]);
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const FLAG = { crc: 0x02, extra: 0x04, name: 0x08, comment: 0x10, reserved: 0xe0 } as const;
const MAX_HEADER_BYTES = 128 * 1024;
const SEARCHED_BYTES = 64 * 1024;

/** Bytes that are no gzip, or not whole: where in the file they begin, and what is wrong. */
export interface Damage {
  readonly atByte: number;
  readonly reason: string;
}

export const beginsGzip = (bytes: Uint8Array): boolean =>
  bytes.length >= MAGIC.length && MAGIC.every((byte, index) => bytes[index] === byte);

/** What the members hold, and each damage where it was met; goes on with the member behind it. */
export async function* inflateMembers(bytes: ByteQueue): AsyncGenerator<Buffer | Damage> {
  while ((await bytes.peek(1)).length > 0) {
    const atByte = bytes.taken;
    const headerBytes = headerLength(await bytes.peek(MAX_HEADER_BYTES));
    if (headerBytes === undefined) {
      await skipToMember(bytes);
      yield { atByte, reason: `has ${bytes.taken - atByte} bytes that are no gzip` };
      continue;
    }
    bytes.skip(headerBytes);
    const damaged = yield* inflateMember(bytes);
    if (damaged !== undefined) yield { atByte, reason: damaged };
  }
}

/** Undefined when no header stands there, or not all of one. */
function headerLength(bytes: Buffer): number | undefined {
  const flags = bytes[3] ?? FLAG.reserved;
  if (!beginsGzip(bytes) || (flags & FLAG.reserved) !== 0) return undefined;
  let length = HEADER_BYTES;
  if (flags & FLAG.extra) length += 2 + (bytes.length >= length + 2 ? bytes.readUInt16LE(length) : 0);
  for (const text of [FLAG.name, FLAG.comment]) {
    if (!(flags & text)) continue;
    const end = bytes.indexOf(0, length);
    if (end === -1) return undefined;
    length = end + 1;
  }
  if (flags & FLAG.crc) length += 2;
  return length <= bytes.length ? length : undefined;
}

/** To the next bytes that may begin a member, or to the end. */
async function skipToMember(bytes: ByteQueue): Promise<void> {
  bytes.skip(1);
  for (;;) {
    const searched = await bytes.peek(SEARCHED_BYTES);
    const found = searched.indexOf(MAGIC);
    if (found !== -1) return bytes.skip(found);
    // Its first bytes may be the last ones here.
    const passed = searched.length < SEARCHED_BYTES ? searched.length : searched.length - MAGIC.length + 1;
    if (passed === 0) return;
    bytes.skip(passed);
  }
}

/** What stands behind a header, its trailer included; answers what was wrong with it. */
async function* inflateMember(bytes: ByteQueue): AsyncGenerator<Buffer, string | undefined> {
  const inflate = createInflateRaw();
  const feeding = feed(inflate, bytes);
  let sum = 0;
  let length = 0;
  let failed: string | undefined;
  try {
    for await (const chunk of inflate as AsyncIterable<Buffer>) {
      sum = crc32(chunk, sum);
      length += chunk.length;
      yield chunk;
    }
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (!code.startsWith("Z_")) throw error;
    failed = message;
  } finally {
    inflate.destroy();
    bytes.giveBack(await feeding);
  }
  if (failed !== undefined) return `is damaged gzip: ${failed}`;
  const trailer = await bytes.peek(TRAILER_BYTES);
  bytes.skip(trailer.length);
  if (trailer.length < TRAILER_BYTES) return "is damaged gzip: unexpected end of file";
  const isWhole = trailer.readUInt32LE(0) === sum && trailer.readUInt32LE(4) === length % 2 ** 32;
  return isWhole ? undefined : "is damaged gzip: the checksum is not that of its content";
}

/** Gives all there is until the inflation has ended; answers what it did not take. */
async function feed(inflate: InflateRaw, bytes: ByteQueue): Promise<Buffer[]> {
  const begin = bytes.taken;
  const closed = once(inflate, "close");
  let given: Buffer[] = [];
  while (!inflate.destroyed) {
    const chunk = await bytes.take();
    if (chunk === undefined) {
      inflate.end();
      break;
    }
    given.push(chunk);
    given = notTaken(given, bytes.taken - begin - inflate.bytesWritten);
    if (!inflate.destroyed && !inflate.write(chunk)) await Promise.race([once(inflate, "drain"), closed]);
  }
  await closed;
  return notTaken(given, bytes.taken - begin - inflate.bytesWritten);
}

/** So many of the last bytes. */
function notTaken(chunks: readonly Buffer[], bytes: number): Buffer[] {
  const last: Buffer[] = [];
  let missing = bytes;
  for (let index = chunks.length - 1; index >= 0 && missing > 0; index--) {
    const chunk = chunks[index] as Buffer;
    last.unshift(chunk.length > missing ? chunk.subarray(chunk.length - missing) : chunk);
    missing -= chunk.length;
  }
  return last;
}
