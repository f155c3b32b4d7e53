import { chunksOf } from "./chunks.ts";
import type { Ground } from "./ground.ts";
import { HttpConnection } from "./http-connection.ts";
import { pulseTarget } from "./ingest-target.ts";
import { sendAll } from "./load.ts";
import { pulseQueries, type QueryTarget, type Question, rawQueries } from "./query-target.ts";
import { relayTo } from "./relay.ts";
import type { Bar, Row, SuiteReport } from "./report.ts";
import { DAY_MS, GATEWAYS, SERVICES, sampleEvents, seededRandom, TYPES } from "./sample-events.ts";
import { quantile } from "./statistics.ts";

type Draw = (below: number) => number;

const gateway = (draw: Draw) => `gateways:gateway-${draw(GATEWAYS)}`;
const service = (draw: Draw) => `services:service-${draw(SERVICES)}`;
const type = (draw: Draw) => TYPES[draw(TYPES.length)] as string;

/** The mix. Each asking draws its own tags, so that no answer is a remembered one more often than another's. */
const questions = (endMs: number): Readonly<Record<string, (draw: Draw) => Question>> => ({
  "newest of a type": (draw) => ({ query: { types: [type(draw)] } }),
  "one tag": (draw) => ({ query: { tags: [gateway(draw)] } }),
  "type + tag": (draw) => ({ query: { types: [type(draw)], tags: [gateway(draw)] } }),
  "two tags": (draw) => ({ query: { tags: [gateway(draw), service(draw)] } }),
  "tag, last day": (draw) => ({ query: { tags: [gateway(draw)], fromMs: endMs - DAY_MS, toMs: endMs } }),
  "average, type + tag": (draw) => ({
    query: { types: ["metrics"], tags: [gateway(draw)] },
    aggregator: { type: "average", field: { kind: "number" } },
  }),
});

/** How long a mix of questions takes, one at a time, on a set of events and on one ten times as large. */
export async function query(ground: Ground, events: number, askings: number): Promise<SuiteReport> {
  const small = await onEvents(ground, events / 10, askings);
  const large = await onEvents(ground, events, askings);
  return {
    suite: "query",
    setup: "over HTTP, one at a time, total counted; loaded through the API, all engines asked in turns",
    rows: [...small, ...large],
    bars: large.flatMap(({ what, figures }): Bar[] => [
      { what: `${what}: OpenSearch p50, × raw`, measured: figures["× raw"], bound: { atMost: 1.3 } },
      { what: `${what}: embedded p50, ms`, measured: figures["embedded p50 ms"], bound: { atMost: 5 } },
    ]),
  };
}

const toText = (count: number): string => count.toLocaleString("en");

/** A target and its connection, with how long it took over each kind of question. */
interface Contender {
  readonly target: QueryTarget;
  readonly connection: HttpConnection;
  readonly tookMs: readonly number[][];
}

async function onEvents(ground: Ground, count: number, askings: number): Promise<Row[]> {
  const endMs = Date.now();
  const kinds = Object.entries(questions(endMs));
  const targets = await load(ground, count, endMs);
  const contenders = await Promise.all(
    targets.map(async (target): Promise<Contender> => {
      return { target, connection: await HttpConnection.open(target.url), tookMs: kinds.map(() => []) };
    }),
  );
  const draw = seededRandom(count);
  try {
    for (const [, toQuestion] of kinds) await requireOneAnswer(contenders, toQuestion(draw));
    // Just-in-time compilers, the JVM's and Node's, are still at work during the first thousand requests.
    const warmUps = askings;
    for (let round = 0; round < warmUps + askings; round++) {
      if (round % 20 === 0) ground.progress(`asking ${toText(count)} events, ${round} of ${warmUps + askings}`);
      for (const [kind, [, toQuestion]] of kinds.entries()) {
        for (const offset of contenders.keys()) {
          const contender = contenders[(offset + round) % contenders.length] as Contender;
          const { ms } = await ask(contender, toQuestion(draw));
          if (round >= warmUps) contender.tookMs[kind]?.push(ms);
        }
      }
    }
  } finally {
    for (const { connection } of contenders) connection.close();
  }
  return kinds.map(([name], kind) => toRow(`${name}, of ${toText(count)}`, kind, contenders));
}

/** The same events in each engine, through the API; OpenSearch itself is asked for what Pulse keeps there. */
async function load(ground: Ground, count: number, endMs: number): Promise<QueryTarget[]> {
  const namespace = await ground.namespace();
  const targets: QueryTarget[] = [];
  for (const engine of await ground.engines()) {
    const served = await ground.serve(engine, [namespace]);
    const ingest = pulseTarget(engine, served, namespace);
    let loaded = 0;
    for (const events of chunksOf(LOADED_AT_ONCE, sampleEvents({ count, namespace, endMs, seed: 1 }))) {
      ground.progress(`loading ${toText(count)} events into ${engine}, ${toText(loaded)} done`);
      await sendAll(
        ingest.url,
        [...chunksOf(LOAD_BATCH, events)].map(ingest.toBatch),
        LOAD_CONNECTIONS,
        ingest.hasTaken,
      );
      loaded += events.length;
    }
    await ingest.untilSearchable(count);
    targets.push(pulseQueries(engine, ingest.url, namespace));
  }
  const openSearch = await ground.openSearch();
  if (openSearch === undefined) return targets;
  const relay = await relayTo(openSearch.url);
  ground.onClose(() => relay.stop());
  return [...targets, rawQueries("raw", openSearch.url, namespace), rawQueries("relayed raw", relay.url, namespace)];
}

const LOADED_AT_ONCE = 50_000;
const LOAD_BATCH = 5000;
const LOAD_CONNECTIONS = 2;

async function ask({ target, connection }: Contender, question: Question) {
  const request = target.toRequest(question);
  const startMs = performance.now();
  const answer = await connection.send(request);
  const ms = performance.now() - startMs;
  if (answer.status !== 200) throw new Error(`${target.name} answers ${answer.status}: ${answer.body}`);
  return { ms, answer };
}

/** A comparison of different answers would mean nothing. Averages may differ in the last digits. */
async function requireOneAnswer(contenders: readonly Contender[], question: Question): Promise<void> {
  const numbers: number[] = [];
  for (const contender of contenders)
    numbers.push(contender.target.readAnswer((await ask(contender, question)).answer, question));
  const [first = Number.NaN] = numbers;
  if (!numbers.every((number) => Math.abs(number - first) <= 1e-9 * Math.abs(first)))
    throw new Error(`the answers to ${JSON.stringify(question)} differ: ${numbers}`);
}

function toRow(what: string, kind: number, contenders: readonly Contender[]): Row {
  const figures: Record<string, number> = {};
  for (const { target, tookMs } of contenders) {
    figures[`${target.name} p50 ms`] = quantile(tookMs[kind] ?? [], 0.5);
    figures[`${target.name} p99 ms`] = quantile(tookMs[kind] ?? [], 0.99);
  }
  const [raw, onOpenSearch] = [figures["raw p50 ms"], figures["OpenSearch p50 ms"]];
  return {
    what,
    figures: { ...figures, "× raw": raw && onOpenSearch && onOpenSearch / raw },
    over: contenders[0]?.tookMs[kind]?.length ?? 0,
  };
}
