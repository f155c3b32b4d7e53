import { crc32, createInflateRaw, type InflateRaw } from "node:zlib";
import type { ByteQueue } from "#cli/replay/byte-queue.ts";

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
/**
 * A record has at most a megabyte: a member that is damaged is held whole, and what it swallowed is looked at again.
 */
const MAX_HELD_BYTES = 1024 * 1024;

/** Bytes of a file that were passed over: where they begin, and what is wrong with them. */
export interface Damage {
  readonly atByte: number;
  readonly bytes: number;
  readonly reason: string;
}

export const beginsGzip = (bytes: Uint8Array): boolean =>
  bytes.length >= MAGIC.length && MAGIC.every((byte, index) => bytes[index] === byte);

/** What the members hold, and each damage where it was met; goes on with the member behind it. */
export async function* inflateMembers(bytes: ByteQueue): AsyncGenerator<Buffer | Damage> {
  while ((await bytes.peek(1)).length > 0) {
    const atByte = bytes.taken;
    const reason = yield* inflateMember(bytes);
    if (reason === undefined) continue;
    if (bytes.taken === atByte) bytes.skip(1);
    await skipToMember(bytes);
    yield { atByte, bytes: bytes.taken - atByte, reason };
  }
}

/** One member with its header and trailer; answers what is wrong with it, and then stands where others may follow. */
async function* inflateMember(bytes: ByteQueue): AsyncGenerator<Buffer, string | undefined> {
  const headerBytes = headerLength(await bytes.peek(MAX_HEADER_BYTES));
  if (headerBytes === undefined) return "no gzip";
  bytes.skip(headerBytes);
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
  }
  const { inflated, rest } = await feeding;
  bytes.giveBack(rest);
  const trailer = await bytes.peek(TRAILER_BYTES);
  if (failed === undefined && trailer.length < TRAILER_BYTES) failed = "unexpected end of file";
  else if (failed === undefined && !isTrailer(trailer, sum, length)) failed = "not the content of its checksum";
  if (failed === undefined) {
    bytes.skip(TRAILER_BYTES);
    return undefined;
  }
  // Damaged, it may have taken others for its own.
  bytes.giveBack(inflated);
  return `damaged gzip (${failed})`;
}

const isTrailer = (bytes: Buffer, sum: number, length: number): boolean =>
  bytes.readUInt32LE(0) === sum && bytes.readUInt32LE(4) === length % 2 ** 32;

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

interface Fed {
  /** What was inflated; nothing where that is more than is held. */
  readonly inflated: readonly Buffer[];
  /** What was taken from the queue and not needed. */
  readonly rest: readonly Buffer[];
}

/** Gives all there is until the inflation has ended. */
async function feed(inflate: InflateRaw, bytes: ByteQueue): Promise<Fed> {
  const begin = bytes.taken;
  const closed = told(inflate, "close");
  let given: Buffer[] = [];
  while (!inflate.destroyed) {
    const chunk = await bytes.take();
    if (chunk === undefined) {
      inflate.end();
      break;
    }
    given.push(chunk);
    if (inflate.bytesWritten > MAX_HELD_BYTES) [, given] = cut(given, bytes.taken - begin - inflate.bytesWritten);
    if (!inflate.destroyed && !inflate.write(chunk)) await Promise.race([told(inflate, "drain"), closed]);
  }
  await closed;
  const [inflated, rest] = cut(given, bytes.taken - begin - inflate.bytesWritten);
  return { inflated: inflate.bytesWritten > MAX_HELD_BYTES ? [] : inflated, rest };
}

/** Unlike `once` of node:events it is not told of errors, which whoever reads is. */
const told = (inflate: InflateRaw, event: "close" | "drain"): Promise<void> =>
  new Promise((resolve) => {
    inflate.once(event, resolve);
  });

/** What comes before the last so many bytes, and those. */
function cut(chunks: readonly Buffer[], lastBytes: number): [Buffer[], Buffer[]] {
  const before = [...chunks];
  const last: Buffer[] = [];
  for (let missing = lastBytes; missing > 0; ) {
    const chunk = before.pop();
    if (chunk === undefined) throw new RangeError(`${missing} bytes are no longer held`);
    const at = Math.max(0, chunk.length - missing);
    last.unshift(chunk.subarray(at));
    if (at > 0) before.push(chunk.subarray(0, at));
    missing -= chunk.length - at;
  }
  return [before, last];
}
