import { ALL_FAULTS, type Fault } from "#test/simulation/chaos.ts";
import { runSeed } from "#test/simulation/run-seed.ts";
import { PRODUCT } from "#test/simulation/wiring.ts";

/** A smaller run of a seed: so many POSTs of each producer, and these faults only. */
export interface SmallRun {
  readonly posts: number;
  readonly only: ReadonlySet<Fault>;
}

const MOST_POSTS = 20;

/** The fewest POSTs with which the seed still breaks a promise, then as few kinds of faults as do. */
export async function shrink(seed: number): Promise<SmallRun> {
  const fails = async (mostPosts: number, only: ReadonlySet<Fault>): Promise<boolean> =>
    (await runSeed({ seed, wiring: PRODUCT, mostPosts, only })).violations.length > 0;
  let posts = 1;
  while (posts < MOST_POSTS && !(await fails(posts, ALL_FAULTS))) posts++;
  let only = ALL_FAULTS;
  for (const fault of ALL_FAULTS) {
    const fewer = new Set([...only].filter((other) => other !== fault));
    if (await fails(posts, fewer)) only = fewer;
  }
  return { posts, only };
}
