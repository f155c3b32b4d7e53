import { sleep } from "#core/clock.ts";
import type { OpenSearchEventStore } from "#stores/opensearch/opensearch-event-store.ts";
import { ALL_FAULTS, Chaos, type Fault } from "#test/simulation/chaos.ts";
import { type Coverage, count } from "#test/simulation/coverage.ts";
import { emptyLedger, type Ledger } from "#test/simulation/ledger.ts";
import { Network } from "#test/simulation/network.ts";
import { clientOf, sendTo, troublesOf } from "#test/simulation/opensearch-client.ts";
import { SimulatedStream } from "#test/simulation/simulated-kinesis.ts";
import { SimulatedOpenSearch } from "#test/simulation/simulated-opensearch.ts";
import { SimulatedProcess } from "#test/simulation/simulated-process.ts";
import { type Trace, tracing, untraced } from "#test/simulation/trace.ts";
import { VirtualTime } from "#test/simulation/virtual-time.ts";
import type { Wiring } from "#test/simulation/wiring.ts";
import { drawPlan, traitsOf, type WorldPlan } from "#test/simulation/world-plan.ts";
import { type Random, seededRandom } from "#test/support/random.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly wiring: Wiring;
  /** Gathers what happens, in words. */
  readonly trace?: string[] | undefined;
  /** The faults that may happen. @default - all */
  readonly only?: ReadonlySet<Fault> | undefined;
  /** So many POSTs of each producer, and no more. */
  readonly mostPosts?: number | undefined;
}

/** Everything there is in one run. */
export interface World {
  readonly plan: WorldPlan;
  readonly time: VirtualTime;
  readonly chaos: Chaos;
  readonly network: Network;
  readonly openSearch: SimulatedOpenSearch;
  readonly streams: readonly SimulatedStream[];
  readonly ledger: Ledger;
  readonly coverage: Coverage;
  readonly trace: Trace;
  readonly wiring: Wiring;
  /** Chances of one's own: what one part draws changes nothing for the others. */
  readonly fork: () => Random;
  readonly startProcess: (role: string) => SimulatedProcess;
  /** An adapter in a process that has just started. */
  readonly openStore: (process: SimulatedProcess) => OpenSearchEventStore;
}

const STREAM_NAMES = ["events", "more-events"];
const RETRY = { baseMs: 20, maxMs: 200 };
/** The types that nobody declared: the first gets an index of its own, the others share one. */
const MAX_OWN_INDICES = 1;

export function createWorld({ seed, wiring, trace: lines, only = ALL_FAULTS, mostPosts }: WorldOptions): World {
  const random = seededRandom(seed);
  const fork = (): Random => seededRandom(random.integer(0, 2 ** 31 - 1));
  const drawn = drawPlan(fork());
  const plan = { ...drawn, postsPerProducer: Math.min(drawn.postsPerProducer, mostPosts ?? drawn.postsPerProducer) };
  const time = new VirtualTime(plan.startMs);
  const trace = lines === undefined ? untraced : tracing(lines, () => time.now() - plan.startMs);
  const coverage: Coverage = new Map();
  for (const trait of traitsOf(plan)) count(coverage, trait);
  const chaos = new Chaos({ random: fork(), time, activeMs: plan.activeMs, coverage, only });
  const network = new Network({ random: fork(), time, chaos, coverage, trace });
  const openSearch = new SimulatedOpenSearch(time, fork(), troublesOf(chaos, fork()));
  const processRandom = fork();
  let processes = 0;
  return {
    plan,
    time,
    chaos,
    network,
    openSearch,
    streams: STREAM_NAMES.slice(0, plan.streams).map((name) => new SimulatedStream(name, plan.shards, time, fork())),
    ledger: emptyLedger(),
    coverage,
    trace,
    wiring,
    fork,
    startProcess(role) {
      count(coverage, `copies of ${role}`);
      const skewMs = processRandom.integer(-plan.mostSkewMs, plan.mostSkewMs);
      return new SimulatedProcess(role, ++processes, time, skewMs);
    },
    openStore(process) {
      const pause = (mostMs: number) => sleep(process.clock, processRandom.integer(0, mostMs));
      const retry = { ...RETRY, tries: plan.tries, pause };
      const send = sendTo({ openSearch, process, network, chaos, random: processRandom });
      return wiring.store(clientOf(wiring.send(send, { openSearch, clock: process.clock })), {
        maxOwnIndices: MAX_OWN_INDICES,
        writeRetry: retry,
        readRetry: retry,
        now: process.clock.now,
      });
    },
  };
}

/** Lets a part of the world go on by itself; what it throws is a bug. */
export function begin(world: World, part: Promise<unknown>): void {
  part.catch((error: unknown) => violate(world, `threw ${error instanceof Error ? error.stack : error}`));
}

export function violate({ ledger, trace }: World, what: string): void {
  ledger.violations.push(what);
  trace(() => `VIOLATION: ${what}`);
}
