import { createSocket } from "node:dgram";
import { setImmediate as nextTurn } from "node:timers/promises";
import { kernelDropsOf, udpInodeOf } from "#agent/inputs/kernel-drops.ts";
import { type Input, type LineSink, withoutEnd } from "#agent/inputs/line-sink.ts";
import { listening } from "#agent/inputs/listening.ts";
import type { AgentLog } from "#agent/log.ts";

export interface UdpInputOptions {
  readonly host: string;
  readonly port: number;
  readonly sink: LineSink;
  readonly log: AgentLog;
  /** What the kernel is asked to keep of a burst that comes faster than it is read. */
  readonly receiveBufferBytes: number;
}

export interface UdpInput extends Input {
  readonly port: number;
}

const TURNS_AT_CLOSE = 100;
const LOOK_FOR_DROPS_MS = 1_000;
/** Linux grants twice what is asked, for its own bookkeeping, and says so. */
const GRANTED_FACTOR = process.platform === "linux" ? 2 : 1;

/** A datagram is a line. What the kernel drops is counted, where it tells (Linux). */
export async function openUdpInput({ host, port, sink, log, receiveBufferBytes }: UdpInputOptions): Promise<UdpInput> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const name = `udp ${host}:${port}`;
  let receivedLines = 0;
  socket.on("message", (message) => {
    receivedLines++;
    sink.takeOrLose({ bytes: withoutEnd(message), receivedAtMs: Date.now(), cut: false });
  });
  await listening(socket, () => socket.bind({ address: host, port, exclusive: true }), `${host}:${port}/udp`);
  socket.on("error", (error) => log.error("an input has failed", { input: name, error }));
  socket.setRecvBufferSize(receiveBufferBytes);
  const granted = socket.getRecvBufferSize() / GRANTED_FACTOR;
  if (granted < receiveBufferBytes)
    log.warn("the kernel grants a smaller receive buffer than was asked for: a burst may be lost", {
      input: name,
      asked: receiveBufferBytes,
      granted,
      remedy: `sysctl -w net.core.rmem_max=${receiveBufferBytes}`,
    });

  const boundPort = socket.address().port;
  const inode = udpInodeOf(boundPort);
  let dropped = 0;
  const countDrops = (): void => {
    const now = inode === undefined ? undefined : kernelDropsOf(inode);
    if (now === undefined || now <= dropped) return;
    const more = now - dropped;
    dropped = now;
    receivedLines += more;
    log.warn("the kernel has dropped datagrams that were not read in time", { input: name, dropped: more });
    sink.lose(more, "kernel");
  };
  /**
   * What the kernel holds already comes in the next turns of the event loop; who goes on sending must not keep it open.
   */
  const readAll = async (): Promise<void> => {
    for (let turn = 0, before = -1; turn < TURNS_AT_CLOSE && before < receivedLines; turn++) {
      before = receivedLines;
      await nextTurn();
    }
  };
  const looking = setInterval(countDrops, LOOK_FOR_DROPS_MS);
  return {
    name,
    port: boundPort,
    get receivedLines() {
      return receivedLines;
    },
    async close() {
      clearInterval(looking);
      await readAll();
      countDrops();
      await new Promise<void>((resolve) => socket.close(resolve));
    },
  };
}
