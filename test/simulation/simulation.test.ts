import { availableParallelism } from "node:os";
import { describe, expect, jest, test } from "@jest/globals";
import { brokenVariants } from "#test/simulation/broken-variants.ts";
import { FAULTS } from "#test/simulation/chaos.ts";
import { runSeed } from "#test/simulation/run-seed.ts";
import { simulateSeeds } from "#test/simulation/simulate-seeds.ts";
import { PRODUCT } from "#test/simulation/wiring.ts";

/** Enough for everything to go wrong; CI goes through 2,000 with `npm run simulate`. */
const SEEDS = 300;
/** The rarest mistakes show in one world of some hundred, two of them soon after this one. */
const FIRST_SEED = 480;
const MOST_SEEDS = 1_500;

jest.setTimeout(900_000);

describe("a simulated world", () => {
  test(`keeps every promise, whatever goes wrong, in ${SEEDS} seeds, in which everything went wrong`, async () => {
    const { seeds, failed, coverage } = await simulateSeeds({
      from: 1,
      seeds: SEEDS,
      workers: Math.min(2, availableParallelism()),
    });

    expect(failed).toEqual([]);
    expect(seeds).toBe(SEEDS);
    for (const fault of Object.values(FAULTS))
      expect([fault, coverage.get(fault)]).toEqual([fault, expect.any(Number)]);
  });

  test("takes the same course each time, by nothing but its seed", async () => {
    const traceOf = async (seed: number) => {
      const trace: string[] = [];
      await runSeed({ seed, wiring: PRODUCT, trace });
      return trace;
    };
    const traces = [await traceOf(1), await traceOf(2)];
    const forbidden = jest.fn(() => 0.5);
    const now = jest.spyOn(Date, "now").mockImplementation(forbidden);
    const random = jest.spyOn(Math, "random").mockImplementation(forbidden);

    try {
      expect([await traceOf(1), await traceOf(2)]).toEqual(traces);
    } finally {
      now.mockRestore();
      random.mockRestore();
    }

    expect(forbidden).not.toHaveBeenCalled();
    expect(traces[0]?.length).toBeGreaterThan(50);
    expect(traces[0]).not.toEqual(traces[1]);
  });

  test("is the same but for the faults that are left out", async () => {
    const { violations, coverage } = await runSeed({ seed: 7, wiring: PRODUCT, only: new Set() });

    expect(violations).toEqual([]);
    expect([...coverage.keys()].filter((what) => (Object.values(FAULTS) as string[]).includes(what))).toEqual([]);
    expect(coverage.get("events accepted")).toBeGreaterThan(0);
  });
});

describe("the judge notices a product that", () => {
  test.each(brokenVariants)("$fault", async ({ wiring, noticed }) => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + MOST_SEEDS; seed++) {
      const { violations } = await runSeed({ seed, wiring });
      if (violations.some((violation) => noticed.test(violation))) return;
    }
    throw new Error(`nothing was noticed in ${MOST_SEEDS} seeds`);
  });
});
