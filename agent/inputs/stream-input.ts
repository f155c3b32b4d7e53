import { chmod, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Input, LineSink, ReceivedLine } from "#agent/inputs/line-sink.ts";
import { listening } from "#agent/inputs/listening.ts";
import type { AgentLog } from "#agent/log.ts";
import { MAX_FRAME_BYTES, type SyslogFrame, SyslogFrameDecoder } from "#core/haproxy/syslog/syslog-frames.ts";

/** An address of TCP, or the path of a socket. */
export type StreamAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface StreamInputOptions {
  readonly address: StreamAddress;
  readonly sink: LineSink;
  readonly log: AgentLog;
  /** @default 10000 */
  readonly maxConnections?: number;
  /** How long a message may take to be all there. @default 60000 */
  readonly frameTimeoutMs?: number;
  /** What all messages together may come to that are not all there yet. @default 32 MiB */
  readonly maxHeldBytes?: number;
}

export interface StreamInput extends Input {
  /** 0 for a path. */
  readonly port: number;
  readonly connections: number;
}

const MAX_CONNECTIONS = 10_000;
const FRAME_TIMEOUT_MS = 60_000;
const MAX_HELD_BYTES = 32 * 1024 * 1024;
/** Connections that wait to be accepted: a fleet that starts again comes at once. */
const BACKLOG = 1_024;
/** HAProxy may run as anybody. */
const SOCKET_MODE = 0o666;

interface Connection {
  readonly socket: Socket;
  readonly decoder: SyslogFrameDecoder;
  /** When the message began that is not all there yet. */
  begunMs: number | undefined;
}

/** Listens for streams of syslog messages, octet-counted or ended by LF; senders wait while the sink is full. */
export async function openStreamInput(options: StreamInputOptions): Promise<StreamInput> {
  const { address } = options;
  const server = createServer();
  if ("path" in address) {
    await removeStale(address.path);
    await listening(server, () => server.listen({ path: address.path, backlog: BACKLOG }), address.path);
  } else {
    const { host, port } = address;
    const start = (): unknown => server.listen({ host, port, exclusive: true, backlog: BACKLOG });
    await listening(server, start, `${host}:${port}/tcp`);
  }
  const input = new StreamListener(server, options);
  if ("path" in address) await chmod(address.path, SOCKET_MODE);
  return input;
}

/** A socket whose server was killed is still there, and nobody listens. */
async function removeStale(path: string): Promise<void> {
  const isStale = await new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "ECONNREFUSED"));
    socket.on("connect", () => {
      socket.destroy();
      resolve(false);
    });
  });
  if (isStale) await rm(path);
}

class StreamListener implements StreamInput {
  readonly name: string;
  readonly #server: Server;
  readonly #sink: LineSink;
  readonly #log: AgentLog;
  readonly #frameTimeoutMs: number;
  readonly #maxHeldBytes: number;
  readonly #connections = new Set<Connection>();
  readonly #sweeping: NodeJS.Timeout;
  #heldBytes = 0;
  #receivedLines = 0;
  #isWaiting = false;
  #isClosing = false;

  constructor(
    server: Server,
    {
      address,
      sink,
      log,
      maxConnections = MAX_CONNECTIONS,
      frameTimeoutMs = FRAME_TIMEOUT_MS,
      maxHeldBytes = MAX_HELD_BYTES,
    }: StreamInputOptions,
  ) {
    this.name = "path" in address ? `unix ${address.path}` : `tcp ${address.host}:${address.port}`;
    this.#server = server;
    this.#sink = sink;
    this.#log = log;
    this.#frameTimeoutMs = frameTimeoutMs;
    this.#maxHeldBytes = maxHeldBytes;
    server.maxConnections = maxConnections;
    server.on("connection", (socket) => this.#accept(socket));
    server.on("drop", () => log.warn("a connection is refused: there are too many", { input: this.name }));
    this.#sweeping = setInterval(() => this.#endSlow(), frameTimeoutMs / 4);
  }

  get port(): number {
    const address = this.#server.address();
    return address === null || typeof address === "string" ? 0 : address.port;
  }

  get connections(): number {
    return this.#connections.size;
  }

  get receivedLines(): number {
    return this.#receivedLines;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#sweeping);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) this.#end(connection);
    await closed;
  }

  #accept(socket: Socket): void {
    const connection: Connection = { socket, decoder: new SyslogFrameDecoder(MAX_FRAME_BYTES), begunMs: undefined };
    this.#connections.add(connection);
    socket.setKeepAlive(true);
    if (this.#isWaiting) socket.pause();
    socket.on("data", (chunk) => this.#read(connection, chunk as Buffer));
    // A reset is an end like any other: what came before it is kept.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#end(connection));
  }

  #read(connection: Connection, chunk: Buffer): void {
    const { decoder } = connection;
    const before = decoder.heldBytes;
    const frames = decoder.push(chunk);
    this.#heldBytes += decoder.heldBytes - before;
    const isWithin = decoder.isWithinFrame;
    if (frames.length > 0 || !isWithin || connection.begunMs === undefined)
      connection.begunMs = isWithin ? Date.now() : undefined;
    this.#take(frames);
    if (this.#heldBytes > this.#maxHeldBytes) this.#endOldest();
  }

  #take(frames: readonly SyslogFrame[]): void {
    if (frames.length === 0) return;
    const receivedAtMs = Date.now();
    this.#receivedLines += frames.length;
    this.#sink.take(frames.map(({ line, cut }): ReceivedLine => ({ bytes: line, receivedAtMs, cut })));
    if (this.#sink.isFull && !this.#isWaiting) void this.#waitForRoom();
  }

  /** Pauses all senders at once: each one that went on would bring another chunk. */
  async #waitForRoom(): Promise<void> {
    this.#isWaiting = true;
    for (const { socket } of this.#connections) socket.pause();
    await this.#sink.roomy.rung();
    this.#isWaiting = false;
    if (this.#isClosing) return;
    for (const connection of this.#connections) {
      if (connection.begunMs !== undefined) connection.begunMs = Date.now();
      connection.socket.resume();
    }
  }

  /** Ends the connection; what there is of an unfinished message becomes a line that was cut. */
  #end(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    this.#heldBytes -= connection.decoder.heldBytes;
    connection.socket.destroy();
    this.#take(connection.decoder.end());
  }

  #endSlow(): void {
    const begunBefore = Date.now() - this.#frameTimeoutMs;
    for (const connection of this.#connections) {
      if (connection.begunMs === undefined || connection.begunMs > begunBefore || this.#isWaiting) continue;
      this.#log.warn("a sender takes too long for one message and is cut off", { input: this.name });
      this.#end(connection);
    }
  }

  /** Ends those whose messages began first, until half of what is allowed is held. */
  #endOldest(): void {
    this.#log.warn("senders hold too many unfinished messages: the oldest are cut off", { input: this.name });
    const holding = [...this.#connections].filter(({ decoder }) => decoder.heldBytes > 0);
    for (const connection of holding.sort((one, other) => (one.begunMs ?? 0) - (other.begunMs ?? 0))) {
      if (this.#heldBytes <= this.#maxHeldBytes / 2) return;
      this.#end(connection);
    }
  }
}
