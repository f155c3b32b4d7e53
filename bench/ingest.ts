import type { Event } from "#core/events/event.ts";
import { chunksOf } from "./chunks.ts";
import { cpuMsOf } from "./cpu-time.ts";
import type { Ground } from "./ground.ts";
import { type IngestTarget, pulseTarget, rawTarget } from "./ingest-target.ts";
import { sendAll } from "./load.ts";
import type { Bar, Row, SuiteReport } from "./report.ts";
import { sampleEvents } from "./sample-events.ts";
import { median, quantile } from "./statistics.ts";

/** How events are sent. */
interface Manner {
  readonly name: string;
  readonly connections: number;
  toRequests(target: IngestTarget, events: readonly Event[]): Buffer[];
}

/** What a target did with events sent in one manner. */
interface Measured {
  readonly manner: Manner;
  readonly target: IngestTarget;
  /** Of each round, from the first request until all were searchable. */
  readonly perSecond: number[];
  /** Of each request. */
  readonly tookMs: number[];
  /** Processor time that each process used in all rounds, where the system tells it. */
  readonly cpuMs: Map<string, number>;
}

const ROUNDS = 3;
/** The JVM of a node that has just started takes twice the time for a document, and half a minute to get over it. */
const WARM_UPS = 2;
const RAW = "raw OpenSearch";
const ON_OPENSEARCH = "Pulse, OpenSearch";

const singly: Manner = {
  name: "one a request",
  connections: 32,
  toRequests: (target, events) => events.map((event) => target.toSingle(event)),
};

const inBatchesOf = (size: number): Manner => ({
  name: `${size} a request`,
  connections: 2,
  toRequests: (target, events) => [...chunksOf(size, events)].map((batch) => target.toBatch(batch)),
});

/** `POST /events` over 32 connections, beside `PUT _create` of the same documents. */
export async function ingestSingle(ground: Ground, eventsPerRound: number): Promise<SuiteReport> {
  const measured = await measure(ground, eventsPerRound, singly);
  return toReport("ingest-single", eventsPerRound, measured, { atLeast: 1.5 });
}

/** Batches of 1000 over 2 connections, beside `_bulk` of the same documents; then larger ones. */
export async function ingestBatch(ground: Ground, eventsPerRound: number): Promise<SuiteReport> {
  const usual = await measure(ground, eventsPerRound, inBatchesOf(1000));
  const large = await measure(ground, eventsPerRound, inBatchesOf(5000));
  return toReport("ingest-batch", eventsPerRound, [...usual, ...large], { atLeast: 0.7 });
}

/**
 * The same events into each target: rounds to warm up, then those that count. Targets take turns, another one first in
 * each round, so that what else the machine does hits them alike.
 */
async function measure(ground: Ground, eventsPerRound: number, manner: Manner): Promise<Measured[]> {
  const measured = (await openTargets(ground)).map(
    (target): Measured => ({ manner, target, perSecond: [], tookMs: [], cpuMs: new Map() }),
  );
  const endMs = Date.now();
  for (let round = 0; round < WARM_UPS + ROUNDS; round++) {
    for (const one of rotated(measured, round)) {
      const { target } = one;
      ground.progress(`${target.name}, ${manner.name}, ${roundName(round)}`);
      const events = [...sampleEvents({ count: eventsPerRound, namespace: "default", endMs, seed: round })];
      const requests = manner.toRequests(target, events);
      const clock = startClock({ client: process.pid, ...target.processes });
      const took = await sendAll(target.url, requests, manner.connections, target.hasTaken);
      await target.untilSearchable(eventsPerRound * (round + 1));
      const { ms, cpuMs } = clock();
      if (round < WARM_UPS) continue;
      one.perSecond.push((eventsPerRound / ms) * 1000);
      one.tookMs.push(...took);
      for (const [name, used] of cpuMs) one.cpuMs.set(name, (one.cpuMs.get(name) ?? 0) + used);
    }
  }
  return measured;
}

const roundName = (round: number): string =>
  round < WARM_UPS ? "warming up" : `round ${round - WARM_UPS + 1} of ${ROUNDS}`;

/** Time, and the processor time of processes, from now on. */
function startClock(processes: Readonly<Record<string, number | undefined>>) {
  const usedMs = () =>
    Object.entries(processes).flatMap(([name, pid]): [string, number][] => {
      const used = pid && cpuMsOf(pid);
      return used ? [[name, used]] : [];
    });
  const startMs = performance.now();
  const before = new Map(usedMs());
  return () => ({
    ms: performance.now() - startMs,
    cpuMs: usedMs().map(([name, used]): [string, number] => [name, used - (before.get(name) ?? 0)]),
  });
}

async function openTargets(ground: Ground): Promise<IngestTarget[]> {
  const namespace = await ground.namespace();
  const embedded = await ground.serve("embedded", [namespace]);
  const targets = [pulseTarget("Pulse, embedded", embedded, namespace)];
  const openSearch = await ground.openSearch();
  if (openSearch === undefined) return targets;
  const onOpenSearch = await ground.serve("OpenSearch", [namespace]);
  return [
    rawTarget(RAW, openSearch, await ground.namespace()),
    pulseTarget(ON_OPENSEARCH, onOpenSearch, namespace, openSearch),
    ...targets,
  ];
}

const rotated = <Item>(items: readonly Item[], by: number): Item[] =>
  items.map((_, index) => items[(index + by) % items.length] as Item);

function toReport(
  suite: string,
  eventsPerRound: number,
  measured: readonly Measured[],
  bound: Bar["bound"],
): SuiteReport {
  const timesRaw = ({ manner, perSecond }: Measured): number | undefined => {
    const raw = measured.find((other) => other.manner === manner && other.target.name === RAW);
    return raw && median(perSecond.map((rate, round) => rate / (raw.perSecond[round] as number)));
  };
  const perEventUs = (ms: number) => (ms / (eventsPerRound * ROUNDS)) * 1000;
  const rows = measured.map(
    (one): Row => ({
      what: `${one.target.name}, ${one.manner.name}`,
      figures: {
        "events/s": median(one.perSecond),
        slowest: Math.min(...one.perSecond),
        fastest: Math.max(...one.perSecond),
        "× raw": timesRaw(one),
        "request p50 ms": quantile(one.tookMs, 0.5),
        "p99 ms": quantile(one.tookMs, 0.99),
        ...Object.fromEntries([...one.cpuMs].map(([name, used]) => [`${name} CPU µs`, perEventUs(used)])),
      },
      over: eventsPerRound * ROUNDS,
    }),
  );
  const judged = measured.find(({ target }) => target.name === ON_OPENSEARCH);
  return {
    suite,
    setup: `until all are searchable; the median of ${ROUNDS} rounds of ${eventsPerRound} events each`,
    rows,
    bars: [
      { what: `${ON_OPENSEARCH}, ${measured[0]?.manner.name}, × raw`, measured: judged && timesRaw(judged), bound },
    ],
  };
}
