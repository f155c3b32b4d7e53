import { parentPort } from "node:worker_threads";
import { addCoverage, type Coverage } from "#test/simulation/coverage.ts";
import { runSeed } from "#test/simulation/run-seed.ts";
import type { FailedSeed, RangeResult, SeedRange } from "#test/simulation/simulate-seeds.ts";
import { PRODUCT } from "#test/simulation/wiring.ts";

/** Most errors are simulated, and nobody reads where they came from: it took a tenth of the time. */
Error.stackTraceLimit = 0;

async function runRange({ from, seeds }: SeedRange): Promise<RangeResult> {
  const failed: FailedSeed[] = [];
  const sum: Coverage = new Map();
  for (let seed = from; seed < from + seeds; seed++) {
    const { violations, coverage } = await runSeed({ seed, wiring: PRODUCT });
    addCoverage(sum, coverage);
    if (violations.length > 0) failed.push({ seed, violations });
  }
  return { seeds, failed, coverage: [...sum] };
}

parentPort?.on("message", async (range: SeedRange) => {
  parentPort?.postMessage(await runRange(range));
});
