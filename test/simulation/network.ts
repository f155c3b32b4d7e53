import { type Clock, sleep } from "#core/clock.ts";
import type { Chaos, Fault } from "#test/simulation/chaos.ts";
import { never, type SimulatedProcess } from "#test/simulation/simulated-process.ts";
import type { Trace } from "#test/simulation/trace.ts";
import type { Random } from "#test/support/random.ts";

/** A call of which the caller knows only that no answer came. */
export class BrokenCall extends Error {
  readonly how: "connection" | "timeout";

  constructor(how: "connection" | "timeout") {
    super(`a broken call (${how})`);
    this.how = how;
  }
}

type Outcome<Answer> = { readonly answer: Answer } | { readonly broken: BrokenCall["how"] };

const CUT_OFF = { broken: "connection" } as const;
const TIMED_OUT = { broken: "timeout" } as const;

const LONGEST_WAY_MS = 15;
const LATEST_MS = 20_000;

export interface NetworkOptions {
  readonly random: Random;
  readonly time: Clock;
  readonly chaos: Chaos;
  readonly trace: Trace;
}

/** Between processes and the services that they call: it takes time, and may lose what it carries. */
export class Network {
  readonly #random: Random;
  readonly #time: Clock;
  readonly #chaos: Chaos;
  readonly #trace: Trace;
  /** Calls that are under way, waited for or not. */
  #pending = 0;

  constructor({ random, time, chaos, trace }: NetworkOptions) {
    this.#random = random;
    this.#time = time;
    this.#chaos = chaos;
    this.#trace = trace;
  }

  get isQuiet(): boolean {
    return this.#pending === 0;
  }

  /** Has the service carry it out once, at some moment, and brings the answer. Throws a `BrokenCall` if none comes. */
  async call<Answer>(from: SimulatedProcess, what: string, timeoutMs: number, execute: () => Answer): Promise<Answer> {
    this.#pending++;
    const outcome = await this.#carry(from, what, timeoutMs, () => {
      const answer = execute();
      this.#trace(() => `${from.name}: ${what} → ${JSON.stringify(answer)}`);
      return answer;
    }).finally(() => this.#pending--);
    if (!from.alive) return never();
    if ("broken" in outcome) throw new BrokenCall(outcome.broken);
    return outcome.answer;
  }

  async #carry<Answer>(
    from: SimulatedProcess,
    what: string,
    timeoutMs: number,
    execute: () => Answer,
  ): Promise<Outcome<Answer>> {
    await this.#whileStopped(from);
    if (!from.alive || this.#strikes("a process is killed before a call", from, what)) {
      from.kill();
      return CUT_OFF;
    }
    if (this.#strikes("a call is lost", from, what)) {
      await this.#way();
      return CUT_OFF;
    }
    if (this.#strikes("a call times out, done later", from, what)) {
      this.#carryLater(timeoutMs + this.#random.integer(0, LATEST_MS), execute);
      await sleep(this.#time, timeoutMs);
      return TIMED_OUT;
    }
    await this.#way();
    const answer = execute();
    await this.#way();
    await this.#whileStopped(from);
    if (this.#strikes("a process is killed after a call", from, what)) {
      from.kill();
      return CUT_OFF;
    }
    if (this.#strikes("an answer is lost", from, what)) return CUT_OFF;
    if (this.#strikes("a call times out, done in time", from, what)) {
      await sleep(this.#time, timeoutMs);
      return TIMED_OUT;
    }
    return { answer };
  }

  #carryLater(afterMs: number, execute: () => unknown): void {
    this.#pending++;
    this.#time.after(afterMs, () => {
      this.#pending--;
      execute();
    });
  }

  #strikes(fault: Fault, { name }: SimulatedProcess, what: string): boolean {
    if (!this.#chaos.strikes(fault)) return false;
    this.#trace(() => `${name}: ${fault}: ${what}`);
    return true;
  }

  async #whileStopped(process: SimulatedProcess): Promise<void> {
    const stoppedForMs = process.stoppedForMs(this.#time.now());
    if (stoppedForMs > 0) await sleep(this.#time, stoppedForMs);
  }

  #way(): Promise<void> {
    return sleep(this.#time, this.#random.integer(1, LONGEST_WAY_MS));
  }
}
