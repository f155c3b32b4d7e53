import type { Clock } from "#core/clock.ts";
import { type Coverage, count } from "#test/simulation/coverage.ts";
import type { Random } from "#test/support/random.ts";

/** What may go wrong, in the words of the summary. */
export const FAULTS = [
  "a call is lost",
  "an answer is lost",
  "a call times out, done in time",
  "a call times out, done later",
  "a process is killed before a call",
  "a process is killed after a call",
  "OpenSearch is overloaded (429)",
  "OpenSearch is unavailable (503)",
  "items of a bulk are refused (429, 503)",
  "a shard misses a search",
  "a search runs out of time",
  "a refresh fails",
  "Kinesis throttles a record",
  "Kinesis refuses a call",
  "a consumer is stopped and goes on as a zombie",
  "a consumer fails without an answer",
  "a consumer starts cold",
  "a batch is delivered twice",
  "a shard is delivered again from earlier",
  "a shard is split",
  "two shards are merged",
  "a stream breaks off",
  "a stream's client reads slowly",
  "an answer to a POST is lost",
  "a record is not readable",
  "an event can never be indexed",
  "the archive is replayed",
] as const;

export type Fault = (typeof FAULTS)[number];

const RATES = [0.01, 0.04, 0.15, 0.3];

/** A time in which one fault is nearly all that happens. */
interface Storm {
  readonly fault: Fault;
  readonly fromMs: number;
  readonly toMs: number;
}

const STORMS: readonly Fault[] = [
  "OpenSearch is overloaded (429)",
  "a call is lost",
  "items of a bulk are refused (429, 503)",
  "a shard misses a search",
  "a process is killed after a call",
  "Kinesis throttles a record",
];

export interface ChaosOptions {
  readonly random: Random;
  readonly time: Clock;
  /** How long it goes on. */
  readonly activeMs: number;
  readonly coverage: Coverage;
  /** Faults that do not happen in this run. */
  readonly without: ReadonlySet<string>;
}

/** Decides what goes wrong: in each run some faults, each at a rate of its own, and at times a storm of one. */
export class Chaos {
  readonly #random: Random;
  readonly #time: Clock;
  readonly #coverage: Coverage;
  readonly #rates: ReadonlyMap<Fault, number>;
  readonly #storms: readonly Storm[];
  readonly #endMs: number;

  constructor({ random, time, activeMs, coverage, without }: ChaosOptions) {
    this.#random = random;
    this.#time = time;
    this.#coverage = coverage;
    this.#endMs = time.now() + activeMs;
    // Drawn for every fault, wanted or not: to leave one out changes nothing about the others.
    const drawn = FAULTS.map((fault) => [fault, random.chance(0.4) ? random.oneOf(RATES) : 0] as const);
    this.#rates = new Map(drawn.filter(([fault, rate]) => rate > 0 && !without.has(fault)));
    const storms = Array.from({ length: random.integer(0, 2) }, (): Storm => {
      const fromMs = time.now() + random.integer(0, activeMs);
      return { fault: random.oneOf(STORMS), fromMs, toMs: fromMs + random.integer(500, 6_000) };
    });
    this.#storms = storms.filter(({ fault }) => !without.has(fault));
  }

  /** Whether it happens now; then it is counted. */
  strikes(fault: Fault): boolean {
    const isDrawn = this.draws(fault);
    if (isDrawn) count(this.#coverage, fault);
    return isDrawn;
  }

  /** Whether it is to happen: to be counted by whoever sees that it did. */
  draws(fault: Fault): boolean {
    const nowMs = this.#time.now();
    if (nowMs >= this.#endMs) return false;
    const isStorm = this.#storms.some((storm) => storm.fault === fault && storm.fromMs <= nowMs && nowMs < storm.toMs);
    const rate = isStorm ? 0.8 : (this.#rates.get(fault) ?? 0);
    return rate > 0 && this.#random.chance(rate);
  }
}
