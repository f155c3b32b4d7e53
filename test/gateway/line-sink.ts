import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { SyslogFrameDecoder } from "#core/haproxy/syslog/syslog-frames.ts";

/** A log sink beside Pulse: what it takes over TCP it keeps, and writes to a file as it came. */
export interface LineSink {
  readonly port: number;
  readonly lines: readonly string[];
  close(): Promise<void>;
}

export async function openLineSink(path: string): Promise<LineSink> {
  const lines: string[] = [];
  const file = createWriteStream(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const decoder = new SyslogFrameDecoder();
    sockets.add(socket);
    socket.on("data", (chunk) => {
      for (const { line } of decoder.push(chunk as Buffer)) {
        const text = Buffer.from(line).toString();
        lines.push(text);
        file.write(`${text}\n`);
      }
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    lines,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      await new Promise<void>((resolve) => file.end(resolve));
    },
  };
}
