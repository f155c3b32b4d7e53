import { Bell } from "#agent/bell.ts";
import type { LineSink, ReceivedLine } from "#agent/inputs/line-sink.ts";
import { openStreamInput, type StreamInput } from "#agent/inputs/stream-input.ts";
import { openUdpInput, type UdpInput } from "#agent/inputs/udp-input.ts";
import type { AgentLog } from "#agent/log.ts";

export interface SyslogListenerOptions {
  /** @default 127.0.0.1 */
  readonly host?: string;
  /** UDP and TCP alike. @default any free port */
  readonly port?: number;
  /** Takes the lines of a burst, in the order they came; the next batch waits until it is done. It must not fail. */
  readonly onLines: (lines: readonly ReceivedLine[]) => void | Promise<void>;
}

/** What the system is asked to keep of a burst of datagrams that comes faster than it is read; it may grant less. */
const UDP_BUFFER_BYTES = 4 * 1024 * 1024;
/** With so many lines waiting, TCP senders are made to wait too. */
const MAX_WAITING_LINES = 10_000;
/** UDP senders cannot be made to wait: beyond this their lines are dropped. */
const MAX_WAITING_DATAGRAMS = 100_000;
const ATTEMPTS_AT_A_FREE_PORT = 10;

/** On a laptop nobody reads what an agent's inputs tell: small buffers of the kernel, senders that were cut off. */
const silent: AgentLog = { info() {}, warn() {}, error() {} };

/** Listens for syslog on one port, UDP and TCP, or fails with an error that names the port that is taken. */
export async function listenForSyslog({
  host = "127.0.0.1",
  port = 0,
  onLines,
}: SyslogListenerOptions): Promise<SyslogListener> {
  const queue = new SyslogQueue(onLines);
  const common = { sink: queue, log: silent };
  for (let attempt = 1; ; attempt++) {
    const tcp = await openStreamInput({ address: { host, port }, ...common });
    try {
      const udp = await openUdpInput({ host, port: tcp.port, receiveBufferBytes: UDP_BUFFER_BYTES, ...common });
      return new SyslogListener(queue, udp, tcp);
    } catch (error) {
      await tcp.close();
      // The free port that TCP was given can be taken for UDP.
      if (port !== 0 || attempt === ATTEMPTS_AT_A_FREE_PORT) throw error;
    }
  }
}

/** Syslog in over UDP and TCP, handed on in batches. */
export class SyslogListener {
  readonly port: number;
  readonly #queue: SyslogQueue;
  readonly #inputs: readonly [UdpInput, StreamInput];
  #closing: Promise<void> | undefined;

  /** Of inputs that are open: see `listenForSyslog`. */
  constructor(queue: SyslogQueue, udp: UdpInput, tcp: StreamInput) {
    this.port = tcp.port;
    this.#queue = queue;
    this.#inputs = [udp, tcp];
  }

  /** Stops listening, ends every connection, and waits until what was received has been handed on. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#inputs.map((input) => input.close()));
    await this.#queue.delivered;
  }
}

/** Lines that wait for whoever takes them. */
class SyslogQueue implements LineSink {
  readonly roomy = new Bell();
  readonly #onLines: SyslogListenerOptions["onLines"];
  #waiting: ReceivedLine[] = [];
  #delivery: Promise<void> | undefined;

  constructor(onLines: SyslogListenerOptions["onLines"]) {
    this.#onLines = onLines;
  }

  get isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING_LINES;
  }

  /** Resolves when nothing waits. */
  get delivered(): Promise<void> {
    return this.#delivery ?? Promise.resolve();
  }

  take(lines: readonly ReceivedLine[]): void {
    this.#waiting.push(...lines);
    this.#delivery ??= this.#deliver();
  }

  takeOrLose(line: ReceivedLine): void {
    if (this.#waiting.length < MAX_WAITING_DATAGRAMS) this.take([line]);
  }

  /** Nobody counts here what is lost: an agent does. */
  lose(): void {}

  /** Each batch is what came while the one before was taken; the first, what came in one turn of the event loop. */
  async #deliver(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    try {
      while (this.#waiting.length > 0) {
        const lines = this.#waiting;
        this.#waiting = [];
        await this.#onLines(lines);
        this.roomy.ring();
      }
    } finally {
      this.#delivery = undefined;
    }
  }
}
