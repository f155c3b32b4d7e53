import type { FuzzTarget } from "#test/fuzz/fuzz-targets.ts";
import { seededRandom } from "#test/support/random.ts";

export interface FuzzOptions {
  readonly targets: Readonly<Record<string, FuzzTarget>>;
  /** Of the first input of each target; each one after it has the next. */
  readonly seed: number;
  readonly isOver: () => boolean;
  /** Told before each input is read. */
  readonly onInput?: (target: string, seed: number) => void;
  readonly onProgress?: (inputs: ReadonlyMap<string, number>) => void;
}

export interface FuzzReport {
  /** How many inputs each target has read. */
  readonly inputs: ReadonlyMap<string, number>;
  readonly failure?: { readonly target: string; readonly seed: number; readonly error: Error };
}

/** An input that takes longer is one that takes more time than its length allows. */
const MOST_CPU_MS = 2_000;
const INPUTS_IN_TURN = 200;

/** Gives inputs to the targets in turn, until it is over or one fails. */
export function runFuzz({ targets, seed, isOver, onInput, onProgress = () => {} }: FuzzOptions): FuzzReport {
  const inputs = new Map(Object.keys(targets).map((name) => [name, 0]));
  while (!isOver()) {
    for (const [name, target] of Object.entries(targets)) {
      for (let turn = 0; turn < INPUTS_IN_TURN && !isOver(); turn++) {
        const next = inputs.get(name) as number;
        onInput?.(name, seed + next);
        const error = fuzzOnce(target, seed + next);
        inputs.set(name, next + 1);
        if (error !== undefined) return { inputs, failure: { target: name, seed: seed + next, error } };
      }
    }
    onProgress(inputs);
  }
  return { inputs };
}

/** What is wrong with what the target makes of that input. */
export function fuzzOnce(target: FuzzTarget, seed: number): Error | undefined {
  const before = process.threadCpuUsage();
  try {
    target(seededRandom(seed));
  } catch (error) {
    return error as Error;
  }
  const { user, system } = process.threadCpuUsage(before);
  const ms = (user + system) / 1000;
  return ms > MOST_CPU_MS ? new Error(`took ${Math.round(ms)} ms of CPU`) : undefined;
}
