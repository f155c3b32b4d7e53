import { sleep } from "#core/clock.ts";
import type { EventFilter } from "#core/events/event-filter.ts";
import { everyEvent } from "#core/events/event-filter.ts";
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
import { type Random, seededRandom } from "#test/support/random.ts";

/** How large a world is, and how it is set up. */
export interface WorldPlan {
  readonly startMs: number;
  readonly activeMs: number;
  readonly streams: number;
  readonly shards: number;
  readonly producers: number;
  readonly postsPerProducer: number;
  readonly eventsPerPost: number;
  readonly chains: number;
  readonly readings: number;
  readonly pollMs: number;
  readonly batchSize: number;
  readonly maxRecordAgeSeconds: number;
  /** How often the adapter tries. */
  readonly tries: number;
  readonly mostSkewMs: number;
  /** The index templates are there only after so long. */
  readonly installAfterMs: number;
}

const WEEK_SECONDS = 7 * 24 * 60 * 60;

function drawPlan(random: Random): WorldPlan {
  const isLarge = random.chance(0.05);
  const activeMs = random.integer(2_000, isLarge ? 25_000 : 9_000);
  const turnsMs = [Date.UTC(2026, 3, 1), Date.UTC(2027, 0, 1), Date.UTC(2027, 1, 10)];
  return {
    startMs: random.oneOf(turnsMs) - random.integer(0, activeMs * 2),
    activeMs,
    streams: random.chance(0.25) ? 2 : 1,
    shards: random.integer(1, 3),
    producers: random.integer(1, 3),
    postsPerProducer: random.integer(2, isLarge ? 20 : 6),
    eventsPerPost: random.integer(1, isLarge ? 12 : 5),
    chains: random.integer(1, 3),
    readings: random.integer(0, 3),
    pollMs: random.integer(300, 1_200),
    batchSize: random.integer(2, 8),
    maxRecordAgeSeconds: random.chance(0.15) ? random.integer(3, 10) : WEEK_SECONDS,
    tries: random.integer(1, 4),
    mostSkewMs: random.oneOf([0, 50, 5_000, 120_000]),
    installAfterMs: random.chance(0.1) ? random.integer(0, 2_000) : 0,
  };
}

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

export const NAMESPACES = ["default", "team-a"] as const;

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

export const EVENT_TYPES = ["event", "health", "deploy", "Deploy", "build", "haproxy"] as const;
export const TAGS = ["a", "b", "c:1"] as const;

/** What a reader may ask for. */
export function drawFilter(random: Random): EventFilter {
  const all = everyEvent(random.chance(0.8) ? "default" : "team-a");
  switch (random.integer(0, 4)) {
    case 0:
      return { ...all, tags: [random.oneOf(TAGS)] };
    case 1:
      return { ...all, types: random.someOf(EVENT_TYPES, 3) };
    case 2:
      return { ...all, tags: ["a"], types: ["haproxy", "event"] };
    default:
      return all;
  }
}
