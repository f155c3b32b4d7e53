import { connect, type Socket } from "node:net";
import { PartialAnswer, type WholeAnswer } from "./partial-answer.ts";

/** A request as it goes over the wire. */
export interface WireRequest {
  readonly method: string;
  readonly head: string;
  readonly body: string | Uint8Array | undefined;
  /** Of silence, until it is given up. @default - never */
  readonly timeoutMs: number | undefined;
}

export type Settle = (failure: Error | undefined, answer?: WholeAnswer) => void;

/** Nothing was heard for as long as the request allows. */
export class SilentTooLong extends Error {}

/** A connection that is kept, with one request under way at a time, whose answer is given when it is whole. */
export class KeptSocket {
  readonly #socket: Socket;
  #answer: PartialAnswer | undefined;
  #settle: Settle | undefined;
  #isUsable = true;

  /** `onGone` is told once, when no request can be sent any more. */
  constructor(server: { readonly host: string; readonly port: number }, onGone: (socket: KeptSocket) => void) {
    this.#socket = connect({ ...server, noDelay: true, keepAlive: true });
    this.#socket.on("data", (bytes: Buffer) => this.#receive(bytes));
    this.#socket.on("end", () => this.#end());
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("timeout", () => this.#fail(new SilentTooLong("Request timed out")));
    this.#socket.on("close", () => {
      this.#fail(new Error("socket hang up"));
      onGone(this);
    });
  }

  get isUsable(): boolean {
    return this.#isUsable;
  }

  send({ method, head, body, timeoutMs }: WireRequest, settle: Settle): void {
    this.#answer = new PartialAnswer(method);
    this.#settle = settle;
    this.#socket.setTimeout(timeoutMs ?? 0);
    if (typeof body !== "object") {
      this.#socket.write(body === undefined ? head : head + body);
      return;
    }
    this.#socket.cork();
    this.#socket.write(head, "latin1");
    this.#socket.write(body);
    this.#socket.uncork();
  }

  destroy(): void {
    this.#isUsable = false;
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    let answer: WholeAnswer | undefined;
    try {
      // What nobody asked for could be taken for the answer to the next request.
      if (this.#answer === undefined) throw new Error("an answer to nothing");
      answer = this.#answer.add(bytes);
    } catch (error) {
      this.#fail(error as Error);
    }
    if (answer !== undefined) this.#give(answer);
  }

  /** Without a length, an answer ends with its connection. */
  #end(): void {
    const answer = this.#answer?.atEnd();
    if (answer !== undefined) this.#give(answer);
    this.destroy();
  }

  #give(answer: WholeAnswer): void {
    const settle = this.#settle;
    this.#answer = undefined;
    this.#settle = undefined;
    this.#socket.setTimeout(0);
    if (!answer.keepsAlive) this.destroy();
    settle?.(undefined, answer);
  }

  #fail(failure: Error): void {
    const settle = this.#settle;
    this.#answer = undefined;
    this.#settle = undefined;
    this.#isUsable = false;
    this.#socket.destroy();
    settle?.(failure);
  }
}
