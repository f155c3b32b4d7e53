/** Bytes that come in chunks, to be looked at before they are taken. */
export class ByteQueue {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Buffer[] = [];
  #ended = false;
  /** How many bytes have been taken. */
  taken = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next bytes, which stay in the queue; fewer at the end. */
  async peek(bytes: number): Promise<Buffer> {
    let held = this.#held.reduce((sum, chunk) => sum + chunk.length, 0);
    while (held < bytes) {
      const chunk = await this.#pull();
      if (chunk === undefined) break;
      this.#held.push(chunk);
      held += chunk.length;
    }
    if (this.#held.length > 1) this.#held = [Buffer.concat(this.#held)];
    return (this.#held[0] ?? Buffer.alloc(0)).subarray(0, bytes);
  }

  /** The next chunk, whatever its length; undefined at the end. */
  async take(): Promise<Buffer | undefined> {
    const chunk = this.#held.shift() ?? (await this.#pull());
    this.taken += chunk?.length ?? 0;
    return chunk;
  }

  /** Takes bytes that were looked at. */
  skip(bytes: number): void {
    this.taken += bytes;
    for (let left = bytes; left > 0; ) {
      const chunk = this.#held.shift();
      if (chunk === undefined) throw new RangeError(`skipped ${left} bytes that were not looked at`);
      if (chunk.length > left) this.#held.unshift(chunk.subarray(left));
      left -= chunk.length;
    }
  }

  /** Puts back what was taken last. */
  giveBack(chunks: readonly Buffer[]): void {
    this.#held.unshift(...chunks);
    for (const chunk of chunks) this.taken -= chunk.length;
  }

  async #pull(): Promise<Buffer | undefined> {
    while (!this.#ended) {
      const { done, value } = await this.#chunks.next();
      if (done) this.#ended = true;
      else if (value.length > 0) return Buffer.from(value.buffer, value.byteOffset, value.length);
    }
    return undefined;
  }

  /** Closes what the bytes come from. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
