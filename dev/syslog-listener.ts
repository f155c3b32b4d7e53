import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { MAX_FRAME_BYTES, type SyslogFrame, SyslogFrameDecoder } from "#core/haproxy/syslog-frames.ts";

/** A line as it came in. */
export interface ReceivedSyslog {
  readonly line: Uint8Array;
  readonly receivedAtMs: number;
  /** Address and port of the sender. */
  readonly source: string;
  /** The line was longer than a frame may be, or its connection ended within it: `line` is its beginning. */
  readonly cut: boolean;
}

export interface SyslogListenerOptions {
  /** @default 127.0.0.1 */
  readonly host?: string;
  /** UDP and TCP alike. @default any free port */
  readonly port?: number;
  /** Takes the lines of a burst, in the order they came; the next batch waits until it is done. It must not fail. */
  readonly onLines: (lines: readonly ReceivedSyslog[]) => void | Promise<void>;
}

/** What the system is asked to keep of a burst of datagrams that comes faster than it is read; it may grant less. */
const UDP_BUFFER_BYTES = 4 * 1024 * 1024;
/** With so many lines waiting, TCP senders are made to wait too. */
const MAX_WAITING_LINES = 10_000;
/** UDP senders cannot be made to wait: beyond this their lines are dropped, and counted. */
const MAX_WAITING_DATAGRAMS = 100_000;
const MAX_CONNECTIONS = 1_000;
const ATTEMPTS_AT_A_FREE_PORT = 10;

/** Listens for syslog on one port, UDP and TCP, or fails with an error that names the port that is taken. */
export async function listenForSyslog({
  host = "127.0.0.1",
  port = 0,
  onLines,
}: SyslogListenerOptions): Promise<SyslogListener> {
  for (let attempt = 1; ; attempt++) {
    const tcp = createServer();
    const udp = createSocket(host.includes(":") ? "udp6" : "udp4");
    const listener = new SyslogListener(onLines, udp, tcp);
    try {
      await listening(tcp, "tcp", host, port);
      await listening(udp, "udp", host, listener.port);
      udp.setRecvBufferSize(UDP_BUFFER_BYTES);
      return listener;
    } catch (error) {
      await listener.close();
      // The free port that TCP was given can be taken for UDP.
      if (port !== 0 || attempt === ATTEMPTS_AT_A_FREE_PORT) throw error;
    }
  }
}

/** Receives syslog and hands it on in batches. */
export class SyslogListener {
  readonly #onLines: SyslogListenerOptions["onLines"];
  readonly #connections = new Set<Socket>();
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  #waiting: ReceivedSyslog[] = [];
  #delivery: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #dropped = 0;

  /** Of sockets that do not listen yet: see `listenForSyslog`. */
  constructor(onLines: SyslogListenerOptions["onLines"], udp: UdpSocket, tcp: Server) {
    this.#onLines = onLines;
    this.#udp = udp;
    this.#tcp = tcp;
    tcp.maxConnections = MAX_CONNECTIONS;
    tcp.on("connection", (connection) => this.#accept(connection));
    udp.on("message", (line, { address, port }) => {
      if (this.#waiting.length >= MAX_WAITING_DATAGRAMS) this.#dropped++;
      else this.#take([{ line, cut: false }], sourceOf(address, port));
    });
  }

  get port(): number {
    const address = this.#tcp.address();
    if (address === null || typeof address === "string") throw new Error("the syslog listener is not listening");
    return address.port;
  }

  /** Datagrams that were not taken because too many were waiting. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Stops listening, ends every connection, and waits until what was received has been handed on. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = [
      new Promise<void>((resolve) => this.#tcp.close(() => resolve())),
      new Promise<void>((resolve) => this.#udp.close(resolve)),
      ...[...this.#connections].map((connection) => once(connection.destroy(), "close")),
    ];
    await Promise.all(closed);
    await this.#delivery;
  }

  #accept(connection: Socket): void {
    const decoder = new SyslogFrameDecoder(MAX_FRAME_BYTES);
    const source = sourceOf(connection.remoteAddress, connection.remotePort);
    this.#connections.add(connection);
    connection.setKeepAlive(true);
    connection.on("data", (chunk) => {
      this.#take(decoder.push(chunk as Buffer), source);
      if (this.#waiting.length >= MAX_WAITING_LINES) connection.pause();
    });
    // A reset is an end like any other: what came before it is kept.
    connection.on("error", () => connection.destroy());
    connection.on("close", () => {
      this.#connections.delete(connection);
      this.#take(decoder.end(), source);
    });
  }

  #take(frames: readonly SyslogFrame[], source: string): void {
    const receivedAtMs = Date.now();
    for (const { line, cut } of frames) this.#waiting.push({ line, receivedAtMs, source, cut });
    if (frames.length > 0) this.#delivery ??= this.#deliver();
  }

  /** Each batch is what came while the one before was taken; the first, what came in one turn of the event loop. */
  async #deliver(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    try {
      while (this.#waiting.length > 0) {
        const lines = this.#waiting;
        this.#waiting = [];
        await this.#onLines(lines);
        for (const connection of this.#connections) connection.resume();
      }
    } finally {
      this.#delivery = undefined;
    }
  }
}

const sourceOf = (address = "unknown", port = 0): string => `${address}:${port}`;

async function listening(server: Server | UdpSocket, protocol: string, host: string, port: number): Promise<void> {
  const heard = once(server, "listening");
  if ("bind" in server) server.bind({ address: host, port, exclusive: true });
  else server.listen({ host, port, exclusive: true });
  try {
    await heard;
  } catch (cause) {
    const taken = (cause as NodeJS.ErrnoException).code === "EADDRINUSE";
    throw new Error(`cannot listen on syslog port ${host}:${port}/${protocol}${taken ? ": it is taken" : ""}`, {
      cause,
    });
  }
}
