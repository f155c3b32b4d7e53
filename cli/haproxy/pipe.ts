import { once } from "node:events";

/** Standard output for programs that read as they like. */
export interface Pipe {
  /** Returns when the reader has taken enough for more; at once when it has gone. */
  write(text: string): Promise<void>;
  /** The reader wants no more (`| head`): no failure. */
  isClosed(): boolean;
}

export function openPipe(stream: NodeJS.WriteStream): Pipe {
  let isClosed = false;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    isClosed = true;
  });
  return {
    async write(text) {
      if (isClosed || text === "" || stream.write(text)) return;
      // A stream that fails says so instead of "drain".
      await Promise.race([once(stream, "drain"), once(stream, "close")]).catch(() => undefined);
    },
    isClosed: () => isClosed,
  };
}
