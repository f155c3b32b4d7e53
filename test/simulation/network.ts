import { type Clock, sleep } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import type { Chaos, Fault } from "#test/simulation/chaos.ts";
import { type Coverage, count } from "#test/simulation/coverage.ts";
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

/** What an adapter makes of a broken call. */
export function orUnavailable(error: unknown): never {
  throw error instanceof BrokenCall ? new PulseError("unavailable", error.message, { cause: error }) : error;
}

const LONGEST_WAY_MS = 15;
const LATEST_MS = 20_000;
const OTHER_DEATHS = 0.2;

export interface NetworkOptions {
  readonly random: Random;
  readonly time: Clock;
  readonly chaos: Chaos;
  readonly coverage: Coverage;
  readonly trace: Trace;
}

/** Between processes and the services that they call: it takes time, and may lose what it carries. */
export class Network {
  readonly #random: Random;
  readonly #time: Clock;
  readonly #chaos: Chaos;
  readonly #coverage: Coverage;
  readonly #trace: Trace;
  /** Calls that are under way, waited for or not. */
  #pending = 0;

  constructor({ random, time, chaos, coverage, trace }: NetworkOptions) {
    this.#random = random;
    this.#time = time;
    this.#chaos = chaos;
    this.#coverage = coverage;
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
    if (!from.alive || this.#kills("killed-before", from, what)) {
      from.kill();
      return CUT_OFF;
    }
    if (this.#strikes("lost-call", from, what)) {
      await this.#way();
      return CUT_OFF;
    }
    if (this.#strikes("late-call", from, what)) {
      this.#carryLater(timeoutMs + this.#random.integer(0, LATEST_MS), execute);
      await sleep(this.#time, timeoutMs);
      return TIMED_OUT;
    }
    await this.#way();
    const answer = execute();
    await this.#way();
    await this.#whileStopped(from);
    if (this.#kills("killed-after", from, what)) {
      from.kill();
      return CUT_OFF;
    }
    if (this.#strikes("lost-answer", from, what)) return CUT_OFF;
    if (this.#strikes("timeout", from, what)) {
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

  #kills(fault: "killed-before" | "killed-after", process: SimulatedProcess, what: string): boolean {
    // Most calls are those of streams that look for more: of their deaths fewer are enough.
    if (process.role !== "index-events" && !this.#random.chance(OTHER_DEATHS)) return false;
    if (!this.#strikes(fault, process, what)) return false;
    if (fault === "killed-after") count(this.#coverage, `killed after ${kindOf(what)}`);
    return true;
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

/** The calls between which a consumer must be able to die. */
function kindOf(what: string): string {
  if (what.startsWith("PUT ")) return "a checkpoint";
  if (what.endsWith("_bulk")) return "a bulk";
  return what.endsWith("_refresh") ? "a refresh" : "another call";
}
