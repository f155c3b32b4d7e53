import type { Fault } from "#test/simulation/chaos.ts";
import { FAULTS } from "#test/simulation/chaos.ts";
import { runSeed } from "#test/simulation/run-seed.ts";
import { PRODUCT } from "#test/simulation/wiring.ts";

/** A smaller run of a seed: so many POSTs of each producer, and without these faults. */
export interface SmallRun {
  readonly posts: number;
  readonly without: ReadonlySet<Fault>;
}

const MOST_POSTS = 20;

/** The fewest POSTs with which the seed still breaks a promise, then as few kinds of faults as do. */
export async function shrink(seed: number): Promise<SmallRun> {
  const fails = async (mostPosts: number, without: ReadonlySet<Fault>): Promise<boolean> =>
    (await runSeed({ seed, wiring: PRODUCT, mostPosts, without })).violations.length > 0;
  let posts = 1;
  while (posts < MOST_POSTS && !(await fails(posts, new Set()))) posts++;
  let without: ReadonlySet<Fault> = new Set();
  for (const fault of Object.keys(FAULTS) as Fault[]) {
    const fewer = new Set([...without, fault]);
    if (await fails(posts, fewer)) without = fewer;
  }
  return { posts, without };
}
