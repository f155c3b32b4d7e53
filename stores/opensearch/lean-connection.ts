import { Connection, errors } from "@opensearch-project/opensearch";
import { KeptSocket, SilentTooLong, type WireRequest } from "./kept-socket.ts";
import type { WholeAnswer } from "./partial-answer.ts";

type Request = Connection["request"];
type Callback = Parameters<Request>[1];

const MAX_SOCKETS = 64;
/** What would end a line of the head, or be read in another encoding. */
const UNESCAPED = /[^ -~]/;

/** What waits for a connection. */
interface Waiting {
  readonly request: WireRequest;
  readonly settle: (failure: Error | undefined, answer?: WholeAnswer) => void;
  /** Whether it was given up meanwhile. */
  readonly isSettled: () => boolean;
}

/**
 * The client's connection over plain HTTP without node:http between: that takes a fifth of the processor time that a question
 * costs. Answers are given when they are whole.
 */
export class LeanConnection extends Connection {
  readonly #server = { host: this.url.hostname.replace(/^\[|\]$/g, ""), port: Number(this.url.port || 80) };
  readonly #idle: KeptSocket[] = [];
  readonly #sockets = new Set<KeptSocket>();
  readonly #waiting: Waiting[] = [];

  override request(params: Parameters<Request>[0], callback: Callback): ReturnType<Request> {
    this._openRequests++;
    let socket: KeptSocket | undefined;
    let isSettled = false;
    const settle = (failure: Error | undefined, answer?: WholeAnswer) => {
      if (isSettled) return;
      isSettled = true;
      this._openRequests--;
      if (answer === undefined) callback(toClientError(failure), null);
      else hand(answer, callback);
    };
    const asked = this.buildRequestObject(params) as AskedRequest;
    const head = this.#headOf(asked);
    if (head === undefined) settle(new TypeError(`the path or a header has unescaped characters: ${asked.path}`));
    else
      socket = this.#send({
        request: { ...asked, head, timeoutMs: asked.timeout },
        settle,
        isSettled: () => isSettled,
      });
    const abort = () => {
      // Its connection may be another request's by now.
      if (isSettled) return;
      settle(new errors.RequestAbortedError("Request aborted"));
      socket?.destroy();
    };
    return { abort } as ReturnType<Request>;
  }

  /** Undefined where it would not be one. */
  #headOf({ method, path, headers }: AskedRequest): string | undefined {
    if (UNESCAPED.test(path) || path.includes(" ")) return undefined;
    let head = `${method} ${path} HTTP/1.1\r\nhost: ${this.url.host}\r\nconnection: keep-alive\r\n`;
    for (const name in headers) {
      const value = headers[name] as string;
      if (UNESCAPED.test(value)) return undefined;
      head += `${name}: ${value}\r\n`;
    }
    return `${head}\r\n`;
  }

  #send(waiting: Waiting): KeptSocket | undefined {
    const socket = this.#take();
    if (socket === undefined) this.#waiting.push(waiting);
    else
      socket.send(waiting.request, (failure, answer) => {
        this.#giveBack(socket);
        waiting.settle(failure, answer);
      });
    return socket;
  }

  /** The one that was used last: it is the least likely to be closed by now. */
  #take(): KeptSocket | undefined {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) if (idle.isUsable) return idle;
    if (this.#sockets.size >= MAX_SOCKETS) return undefined;
    const socket = new KeptSocket(this.#server, (gone) => {
      this.#sockets.delete(gone);
      this.#sendWaiting();
    });
    this.#sockets.add(socket);
    return socket;
  }

  #giveBack(socket: KeptSocket): void {
    if (!socket.isUsable) return;
    this.#idle.push(socket);
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    let next = this.#waiting.shift();
    while (next?.isSettled()) next = this.#waiting.shift();
    if (next !== undefined) this.#send(next);
  }

  /** As the pool calls it, which the library's types do not say. */
  override close(callback: () => void = () => {}): Connection {
    const close = super.close as (callback: () => void) => Connection;
    return close.call(this, () => {
      for (const socket of this.#sockets) socket.destroy();
      callback();
    });
  }
}

interface AskedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
  readonly timeout: number | undefined;
}

/** The transport adds its own. */
const NO_META = {} as ConstructorParameters<typeof errors.TimeoutError>[1];

function toClientError(failure: Error | undefined): Error {
  if (failure instanceof SilentTooLong) return new errors.TimeoutError(failure.message, NO_META);
  if (failure instanceof TypeError || failure instanceof errors.RequestAbortedError) return failure;
  return new errors.ConnectionError(failure?.message ?? "no answer");
}

type Listener = (text?: string | Buffer) => void;

/** As the client's transport reads it: it listens for the parts of a stream, of which there is one. */
function hand({ statusCode, headers, body }: WholeAnswer, callback: Callback): void {
  const listeners = new Map<string, Listener>();
  const response = {
    statusCode,
    headers,
    setEncoding() {},
    on: (event: string, listener: Listener) => listeners.set(event, listener),
    removeListener: (event: string) => listeners.delete(event),
    destroy: () => listeners.clear(),
  };
  callback(null, response as unknown as Parameters<Callback>[1]);
  const isCompressed = headers["content-encoding"] !== undefined;
  if (body.length > 0) listeners.get("data")?.(isCompressed ? body : body.toString());
  listeners.get("end")?.();
}
