/** Half a kilobyte of bits: rows of more than one overflow their page, and to find one took three times as long. */
export const BLOCK_PLACES = 4096;

/** A set of a block's places as a row keeps it: as bits or, where that is shorter, as a list. */
export interface PackedPlaces {
  readonly size: number;
  /**
   * The byte of the block's bits at which `places` begins; null where it lists places, two bytes each, low one first.
   */
  readonly start: number | null;
  readonly places: Uint8Array;
}

/** A set of a block's places as words of 32 bits. */
export const noPlaces = (): Uint32Array => new Uint32Array(BLOCK_PLACES / 32);

const bytesOf = (words: Uint32Array): Uint8Array => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

export function addPlace(words: Uint32Array, place: number): void {
  (words[place >> 5] as number) |= 1 << (place & 31);
}

export function removePlace(words: Uint32Array, place: number): void {
  (words[place >> 5] as number) &= ~(1 << (place & 31));
}

export function addPacked(words: Uint32Array, { start, places }: PackedPlaces): void {
  if (start === null) {
    for (let at = 0; at < places.length; at += 2) addPlace(words, listedAt(places, at));
    return;
  }
  const bytes = bytesOf(words);
  for (let at = 0; at < places.length; at++) (bytes[start + at] as number) |= places[at] as number;
}

const listedAt = (places: Uint8Array, at: number): number => (places[at] as number) | ((places[at + 1] as number) << 8);

export function pack(words: Uint32Array): PackedPlaces {
  const size = sizeOfWords(words);
  const bytes = bytesOf(words);
  let start = 0;
  let end = bytes.length;
  while (start < end && bytes[start] === 0) start++;
  while (start < end && bytes[end - 1] === 0) end--;
  if (2 * size < end - start) return { size, start: null, places: listed(words, size) };
  return { size, start, places: bytes.subarray(start, end) };
}

function listed(words: Uint32Array, size: number): Uint8Array {
  const places = new Uint8Array(2 * size);
  let at = 0;
  for (let index = 0; index < words.length; index++)
    for (let rest = words[index] as number; rest !== 0; rest &= rest - 1) {
      const place = index * 32 + 31 - Math.clz32(rest & -rest);
      places[at++] = place & 0xff;
      places[at++] = place >> 8;
    }
  return places;
}

export function sizeOfWords(words: Uint32Array): number {
  let size = 0;
  for (let at = 0; at < words.length; at++) if (words[at] !== 0) size += ones(words[at] as number);
  return size;
}

/** How many of the packed places are in the words too. */
export function sizeOfBoth(words: Uint32Array, { start, places }: PackedPlaces): number {
  let size = 0;
  if (start === null) {
    for (let at = 0; at < places.length; at += 2) {
      const place = listedAt(places, at);
      size += ((words[place >> 5] as number) >>> (place & 31)) & 1;
    }
    return size;
  }
  const bytes = bytesOf(words);
  for (let at = 0; at < places.length; at++) size += ones((bytes[start + at] as number) & (places[at] as number));
  return size;
}

/** How many bits are set, by adding them up in pairs, nibbles and bytes. */
function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
