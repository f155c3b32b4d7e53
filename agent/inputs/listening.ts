import type { Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import type { Server } from "node:net";

/**
 * Starts to listen, or fails with an error that names the address, as
 * `host:port/udp` or a path, and says why.
 */
export async function listening(server: Server | UdpSocket, start: () => void, address: string): Promise<void> {
  const heard = once(server, "listening");
  start();
  try {
    await heard;
  } catch (cause) {
    server.close();
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new Error(`cannot listen on ${address}: ${code === "EADDRINUSE" ? "it is taken" : message}`, { cause });
  }
}
