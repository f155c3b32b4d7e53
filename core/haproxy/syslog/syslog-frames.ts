/**
 * One message of a syslog stream. `cut` where it is not all there: longer than allowed, or the connection ended in it.
 */
export interface SyslogFrame {
  readonly line: Uint8Array;
  readonly cut: boolean;
}

export const MAX_FRAME_BYTES = 65_536;
const MAX_COUNT_DIGITS = 9;
const LINE_FEED = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;
const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Splits a TCP stream into syslog messages (RFC 6587), octet-counted (`63 <134>…`) and LF-delimited ones in any
 * mixture, however the stream is cut into chunks. Of a message over `maxFrameBytes` it keeps the beginning.
 */
export class SyslogFrameDecoder {
  readonly #maxFrameBytes: number;
  /** The digits read so far of what may be an octet count; undefined once it is known what the frame is. */
  #digits: string | undefined = "";
  /** Octets still to come of an octet-counted frame; undefined in an LF-delimited one. */
  #octetsLeft: number | undefined;
  /** The frame so far, as much of it as `#held`. */
  #frame: Uint8Array = NOTHING;
  #held = 0;
  #cut = false;

  constructor(maxFrameBytes = MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Whether a frame has begun that is not all there. */
  get isWithinFrame(): boolean {
    return this.#digits !== "";
  }

  /** What that frame takes of the memory. */
  get heldBytes(): number {
    return this.#frame.length;
  }

  /** The frames that this chunk completes. The chunk's bytes are copied. */
  push(chunk: Uint8Array): SyslogFrame[] {
    const frames: SyslogFrame[] = [];
    for (let at = 0; at < chunk.length; ) {
      if (this.#digits !== undefined) at = this.#readStart(chunk, at);
      else if (this.#octetsLeft !== undefined) at = this.#readOctets(chunk, at, this.#octetsLeft, frames);
      else at = this.#readLine(chunk, at, frames);
    }
    return frames;
  }

  /** What is left when the stream has ended. */
  end(): SyslogFrame[] {
    const frames: SyslogFrame[] = [];
    if (this.#digits !== undefined) this.#hold(bytesOf(this.#digits));
    if (this.#octetsLeft !== undefined) this.#cut = true;
    this.#finish(frames);
    return frames;
  }

  /** A frame starts with its octet count and a space, or else is a line. */
  #readStart(chunk: Uint8Array, at: number): number {
    const digits = this.#digits as string;
    const byte = chunk[at] as number;
    const isDigit = byte >= ZERO && byte <= NINE;
    if (isDigit && digits.length < MAX_COUNT_DIGITS && !(byte === ZERO && digits === "")) {
      this.#digits = digits + String.fromCharCode(byte);
      return at + 1;
    }
    this.#digits = undefined;
    if (byte === SPACE && digits !== "") {
      this.#octetsLeft = Number(digits);
      return at + 1;
    }
    this.#hold(bytesOf(digits));
    return at;
  }

  #readOctets(chunk: Uint8Array, at: number, left: number, frames: SyslogFrame[]): number {
    const end = Math.min(chunk.length, at + left);
    this.#hold(chunk.subarray(at, end));
    this.#octetsLeft = left - (end - at);
    if (this.#octetsLeft === 0) this.#finish(frames);
    return end;
  }

  #readLine(chunk: Uint8Array, at: number, frames: SyslogFrame[]): number {
    const feed = chunk.indexOf(LINE_FEED, at);
    this.#hold(chunk.subarray(at, feed < 0 ? chunk.length : feed));
    if (feed < 0) return chunk.length;
    this.#finish(frames);
    return feed + 1;
  }

  #hold(bytes: Uint8Array): void {
    const room = this.#maxFrameBytes - this.#held;
    if (bytes.length > room) this.#cut = true;
    if (bytes.length === 0 || room === 0) return;
    const kept = bytes.subarray(0, room);
    const needed = this.#held + kept.length;
    if (needed > this.#frame.length) this.#frame = grown(this.#frame, needed, this.#maxFrameBytes);
    this.#frame.set(kept, this.#held);
    this.#held = needed;
  }

  /** Empty lines are no messages. */
  #finish(frames: SyslogFrame[]): void {
    if (this.#held > 0) frames.push({ line: this.#frame.subarray(0, this.#held), cut: this.#cut });
    this.#digits = "";
    this.#octetsLeft = undefined;
    this.#frame = NOTHING;
    this.#held = 0;
    this.#cut = false;
  }
}

/** A frame that comes byte by byte is not copied for each; one that comes at once has no byte to spare. */
function grown(frame: Uint8Array, needed: number, most: number): Uint8Array {
  const larger = new Uint8Array(frame.length === 0 ? needed : Math.min(most, Math.max(needed, 2 * frame.length)));
  larger.set(frame);
  return larger;
}

const bytesOf = (digits: string): Uint8Array => Uint8Array.from(digits, (digit) => digit.charCodeAt(0));
