/** Standard output for programs that read as they like. */
export interface Pipe {
  /** Returns when the reader has taken it, or has gone. */
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
    write: (text) =>
      isClosed || text === ""
        ? Promise.resolve()
        : new Promise((resolve) => {
            stream.write(text, () => resolve());
          }),
    isClosed: () => isClosed,
  };
}
