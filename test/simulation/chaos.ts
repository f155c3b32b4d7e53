import type { Clock } from "#core/clock.ts";
import { type Coverage, count } from "#test/simulation/coverage.ts";
import type { Random } from "#test/support/random.ts";

/** What may go wrong, and what the summary calls it. */
export const FAULTS = {
  "lost-call": "calls lost on their way",
  "lost-answer": "answers lost on their way",
  timeout: "calls without an answer, carried out in time",
  "late-call": "calls carried out when nobody waited any more",
  "killed-before": "processes killed before a call",
  "killed-after": "processes killed after a call",
  overload: "calls that OpenSearch refused as too many (429)",
  unavailable: "calls that OpenSearch refused otherwise (403, 502, 503, 504)",
  "refused-item": "items of bulks refused (429, 503)",
  "missing-shard": "searches that missed a shard",
  "search-timeout": "searches that ran out of time",
  "failed-refresh": "refreshes that failed",
  "throttled-record": "records that Kinesis throttled",
  "throttled-call": "calls that Kinesis throttled",
  zombie: "consumers given up that went on",
  "failed-invocation": "invocations whose answer was lost",
  "cold-start": "consumers replaced by cold ones",
  "double-delivery": "batches delivered twice",
  rewind: "shards delivered again from earlier",
  split: "shards split",
  merge: "shards merged",
  replay: "replays of the archive",
  "broken-stream": "streams broken off amid their frames",
  "slow-client": "frames that a client read slowly",
  "lost-post-answer": "answers to POSTs lost",
  "unreadable-record": "records that nobody can read",
  poison: "events that can never be indexed",
} as const;

export type Fault = keyof typeof FAULTS;

export const ALL_FAULTS: ReadonlySet<Fault> = new Set(Object.keys(FAULTS) as Fault[]);

export const isFault = (name: string): name is Fault => Object.hasOwn(FAULTS, name);

const RATES = [0.01, 0.04, 0.15, 0.3];

/** A time in which one fault is nearly all that happens. */
interface Storm {
  readonly fault: Fault;
  readonly fromMs: number;
  readonly toMs: number;
}

const STORMS: readonly Fault[] = [
  "overload",
  "lost-call",
  "refused-item",
  "missing-shard",
  "killed-after",
  "throttled-record",
];

export interface ChaosOptions {
  readonly random: Random;
  readonly time: Clock;
  /** How long it goes on. */
  readonly activeMs: number;
  readonly coverage: Coverage;
  /** The faults that may happen. */
  readonly only: ReadonlySet<Fault>;
}

/** Decides what goes wrong: in each run some faults, each at a rate of its own, and at times a storm of one. */
export class Chaos {
  readonly #random: Random;
  readonly #time: Clock;
  readonly #coverage: Coverage;
  readonly #rates: ReadonlyMap<Fault, number>;
  readonly #storms: readonly Storm[];
  readonly #endMs: number;

  constructor({ random, time, activeMs, coverage, only }: ChaosOptions) {
    this.#random = random;
    this.#time = time;
    this.#coverage = coverage;
    this.#endMs = time.now() + activeMs;
    // Drawn for every fault, wanted or not: to leave one out changes nothing about the others.
    const drawn = [...ALL_FAULTS].map((fault) => [fault, random.chance(0.4) ? random.oneOf(RATES) : 0] as const);
    this.#rates = new Map(drawn.filter(([fault, rate]) => rate > 0 && only.has(fault)));
    const storms = Array.from({ length: random.integer(0, 2) }, (): Storm => {
      const fromMs = time.now() + random.integer(0, activeMs);
      return { fault: random.oneOf(STORMS), fromMs, toMs: fromMs + random.integer(500, 6_000) };
    });
    this.#storms = storms.filter(({ fault }) => only.has(fault));
  }

  /** Whether it happens now; then it is counted. */
  strikes(fault: Fault): boolean {
    const isDrawn = this.draws(fault);
    if (isDrawn) count(this.#coverage, FAULTS[fault]);
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
