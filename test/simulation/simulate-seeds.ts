import { Worker } from "node:worker_threads";
import { addCoverage, type Coverage } from "#test/simulation/coverage.ts";

/** Seeds from `from` on, so many. */
export interface SeedRange {
  readonly from: number;
  readonly seeds: number;
}

/** What a worker found in a range: the seeds that broke a promise, and what happened in all. */
export interface RangeResult {
  readonly seeds: number;
  readonly failed: readonly FailedSeed[];
  readonly coverage: readonly (readonly [string, number])[];
}

export interface FailedSeed {
  readonly seed: number;
  readonly violations: readonly string[];
}

export interface Report {
  readonly seeds: number;
  readonly failed: readonly FailedSeed[];
  readonly coverage: Coverage;
}

export interface SimulateOptions extends SeedRange {
  readonly workers: number;
  readonly onProgress?: (seedsDone: number) => void;
}

const SEEDS_AT_ONCE = 50;

/** Plays every seed of the range, in threads. */
export async function simulateSeeds({ from, seeds, workers, onProgress }: SimulateOptions): Promise<Report> {
  const ranges = rangesOf({ from, seeds });
  const results: RangeResult[] = [];
  let done = 0;
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("./seed-worker.ts", import.meta.url));
    try {
      for (const range of ranges) {
        const result = await answerOf(worker, range);
        results.push(result);
        done += result.seeds;
        onProgress?.(done);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  const coverage: Coverage = new Map();
  for (const result of results) addCoverage(coverage, result.coverage);
  const failed = results.flatMap((result) => result.failed).sort((one, other) => one.seed - other.seed);
  return { seeds: done, failed, coverage };
}

function* rangesOf({ from, seeds }: SeedRange): Generator<SeedRange, undefined> {
  for (let next = 0; next < seeds; next += SEEDS_AT_ONCE)
    yield { from: from + next, seeds: Math.min(SEEDS_AT_ONCE, seeds - next) };
}

const answerOf = (worker: Worker, range: SeedRange): Promise<RangeResult> =>
  new Promise((resolve, reject) => {
    worker.removeAllListeners();
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`a worker ended with code ${code}`)));
    worker.postMessage(range);
  });
