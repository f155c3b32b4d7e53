import { setTimeout as sleep } from "node:timers/promises";
import { TYPES } from "./sample-events.ts";
import type { Lane } from "./trouble-load.ts";
import type { TroubledNode } from "./troubled-node.ts";

/** Something that befalls OpenSearch while events come in. */
export interface Trouble {
  readonly name: string;
  /** Of its opensearch.yml. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly lanes: readonly Lane[];
  /** Lets it befall the node, and take its course. */
  befall(node: TroubledNode): Promise<Course>;
}

/** When it began and ended, by the clock of `performance.now()`. */
export interface Course {
  readonly fromMs: number;
  readonly toMs: number;
  /** Bulks of somebody else that the node refused meanwhile. */
  readonly refusedOthers: number;
}

const DOWN_MS = 10_000;
const FLOODED_MS = 15_000;
const CROWDED_MS = 20_000;

const typeOf = (lane: number): string => TYPES[lane % TYPES.length] as string;

/** 40 events a second one by one and 160 in batches of 20; one lane begins another type every ten seconds. */
const STEADY: readonly Lane[] = [0, 1, 2, 3].flatMap((lane) => [
  {
    name: `single-${lane}`,
    size: 1,
    everyMs: 100,
    repeats: lane % 2 === 0,
    typeAt: (elapsedMs) => (lane === 3 ? `new-${Math.floor(elapsedMs / 10_000)}` : typeOf(lane)),
  },
  { name: `batch-${lane}`, size: 20, everyMs: 500, repeats: lane % 2 === 1, typeAt: () => typeOf(lane) },
]);

/** 400 events a second more, several batches at once. */
const HEAVY: readonly Lane[] = [
  ...STEADY,
  ...[0, 1, 2, 3].map((lane) => ({
    name: `heavy-${lane}`,
    size: 50,
    everyMs: 500,
    repeats: false,
    typeAt: () => typeOf(lane + 2),
  })),
];

const restart = (name: string, end: (node: TroubledNode) => Promise<void>): Trouble => ({
  name,
  settings: {},
  lanes: STEADY,
  befall: (node) =>
    timed(async () => {
      await end(node);
      await sleep(DOWN_MS);
      await node.startAgain();
    }),
});

export const TROUBLES: readonly Trouble[] = [
  restart("stopped", (node) => node.stop()),
  restart("killed", (node) => node.kill()),
  {
    name: "disk full",
    settings: {},
    lanes: STEADY,
    async befall(node) {
      await node.flood();
      return timed(async () => {
        await sleep(FLOODED_MS);
        await node.endFlood();
      });
    },
  },
  {
    name: "write queue of 1",
    settings: { "thread_pool.write.queue_size": 1 },
    lanes: HEAVY,
    befall: (node) => timed(() => crowd(node.url)),
  },
];

/** What is done may answer how many bulks of somebody else were refused. */
async function timed(doIt: () => Promise<number | undefined>): Promise<Course> {
  const fromMs = performance.now();
  const refusedOthers = (await doIt()) ?? 0;
  return { fromMs, toMs: performance.now(), refusedOthers };
}

const WRITERS = 8;
const BULK = '{"index":{}}\n{"text":"somebody else\'s"}\n'.repeat(200);

/**
 * Somebody else writes into an index of the same node, as fast as they are let; answers how many bulks were refused.
 */
async function crowd(url: string): Promise<number> {
  const endMs = performance.now() + CROWDED_MS;
  let refused = 0;
  const write = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const headers = { "content-type": "application/x-ndjson" };
      const answer = await fetch(`${url}/somebody-elses/_bulk`, { method: "POST", headers, body: BULK });
      // All of a bulk is for one shard: it is refused as a whole.
      if (((await answer.json()) as { errors: boolean }).errors) refused++;
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  return refused;
}
