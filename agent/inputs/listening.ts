import type { Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import type { Server } from "node:net";

/**
 * Starts to listen, or fails with an error that names the address, as
 * `host:port/udp` or a path, and whether it is taken.
 */
export async function listening(server: Server | UdpSocket, start: () => void, address: string): Promise<void> {
  const heard = once(server, "listening");
  start();
  try {
    await heard;
  } catch (cause) {
    server.close();
    const taken = (cause as NodeJS.ErrnoException).code === "EADDRINUSE";
    throw new Error(`cannot listen on ${address}${taken ? ": it is taken" : ""}`, { cause });
  }
}
