import type { Random } from "#test/support/random.ts";

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

export function drawPlan(random: Random): WorldPlan {
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

/** What is special about a world, for the summary. */
export function traitsOf({ startMs, activeMs, streams, mostSkewMs, installAfterMs }: WorldPlan): string[] {
  const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return [
    ...(dayOf(startMs) === dayOf(startMs + activeMs) ? [] : ["worlds in which a day turns"]),
    ...(streams === 1 ? [] : ["worlds with two streams"]),
    ...(mostSkewMs === 0 ? [] : ["worlds whose clocks are wrong"]),
    ...(installAfterMs === 0 ? [] : ["worlds that begin without templates"]),
  ];
}
