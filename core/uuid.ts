import { hash, randomFillSync } from "node:crypto";

const RANDOM_BYTES = 4096;
const random = new Uint8Array(RANDOM_BYTES);
let used = RANDOM_BYTES;
let lastMs = 0;
let counter = 0;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const COUNTER_BITS = 12;

/**
 * A UUIDv7 (RFC 9562, section 5.7): the millisecond, a counter that keeps ids of one process in the order they were
 * made (method 1 of section 6.2), 62 random bits.
 */
export function uuidV7(nowMs: number): string {
  if (nowMs > lastMs) {
    lastMs = nowMs;
    counter = 0;
  } else if (++counter >> COUNTER_BITS) {
    lastMs++;
    counter = 0;
  }
  if (used + 8 > RANDOM_BYTES) {
    randomFillSync(random);
    used = 0;
  }
  const hex = (byte: number): string => HEX[byte & 0xff] as string;
  const rand = (index: number): string => hex(random[used + index] as number);
  const high = Math.floor(lastMs / 0x1_0000);
  const id =
    `${hex(high >>> 24)}${hex(high >>> 16)}${hex(high >>> 8)}${hex(high)}-${hex(lastMs >>> 8)}${hex(lastMs)}` +
    `-7${hex(counter >>> 8).slice(1)}${hex(counter)}-${hex(0x80 | ((random[used] as number) & 0x3f))}${rand(1)}` +
    `-${rand(2)}${rand(3)}${rand(4)}${rand(5)}${rand(6)}${rand(7)}`;
  used += 8;
  return id;
}

const LOW_BITS = 62n;

/** Set in each id that Pulse makes of what it knows, in none that an agent's lines get: those have other bits free. */
const OWN_BIT = 1n << 56n;

/** Of 122 bits of one's own choice, but for one (RFC 9562, section 5.8). */
export function uuidV8(bits: bigint): string {
  const high = (bits >> LOW_BITS).toString(16).padStart(15, "0");
  const low = ((bits & ((1n << LOW_BITS) - 1n)) | OWN_BIT | (0b10n << LOW_BITS)).toString(16);
  return `${high.slice(0, 8)}-${high.slice(8, 12)}-8${high.slice(12)}-${low.slice(0, 4)}-${low.slice(4)}`;
}

/** The UUIDv8 that a text is known by: its SHA-256, as much of it as there is room for. */
export const uuidV8Of = (text: string): string => uuidV8(BigInt(`0x${hash("sha256", text)}`) >> 134n);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Any UUID, in lower case. */
export const isUuid = (text: string): boolean => UUID.test(text);

/** One that is made of something, so that whoever knows that can foretell it. */
export const isUuidV8 = (text: string): boolean => isUuid(text) && text[14] === "8";
