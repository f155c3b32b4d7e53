import { describe, expect, test } from "@jest/globals";
import { FUZZ_TARGETS, type FuzzTarget } from "#test/fuzz/fuzz-targets.ts";
import { type FuzzOptions, fuzzOnce, runFuzz } from "#test/fuzz/run-fuzz.ts";
import { seedOfThisRun } from "#test/support/random.ts";

const INPUTS = 400;

/** So many inputs of each target. */
const runSome = (options: Pick<FuzzOptions, "targets" | "seed">) => {
  let asked = 0;
  const inputs = INPUTS * Object.keys(options.targets).length;
  return runFuzz({ ...options, isOver: () => asked++ > inputs });
};

describe("what reads log lines", () => {
  test.each(Object.entries(FUZZ_TARGETS))("reads %s that nobody would send", (name, target) => {
    const { failure } = runSome({ targets: { [name]: target }, seed: seedOfThisRun() });

    expect(failure).toBeUndefined();
  });
});

describe("fuzzing", () => {
  const failing: FuzzTarget = (random) => {
    if (random.chance(0.02)) throw new Error("a bug");
  };

  test("ends at the first input that fails, whose seed fails again", () => {
    const { failure } = runSome({ targets: { failing }, seed: 1 });

    expect(failure).toMatchObject({ target: "failing", error: { message: "a bug" } });
    expect(fuzzOnce(failing, failure?.seed as number)).toMatchObject({ message: "a bug" });
  });

  test("takes an input for a failure that takes too long", () => {
    const slow: FuzzTarget = () => {
      const before = process.threadCpuUsage();
      while (process.threadCpuUsage(before).user < 2_100_000);
    };

    expect(fuzzOnce(slow, 1)).toMatchObject({ message: expect.stringContaining("of CPU") });
  }, 60_000);

  test("counts the inputs of each target", () => {
    const { inputs } = runSome({ targets: { one: () => {}, other: () => {} }, seed: 1 });

    expect([...inputs.values()].reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(2 * INPUTS - 1);
  });
});
