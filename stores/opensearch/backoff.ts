import { setTimeout as sleep } from "node:timers/promises";
import { mayPass } from "./failure.ts";

/** How often something is tried, and how long the pauses between may get. */
export interface RetryPolicy {
  readonly tries: number;
  readonly baseMs: number;
  readonly maxMs: number;
  /** Waits, at most so long. @default - any part of it, by the machine's clock */
  readonly pause?: (mostMs: number) => Promise<void>;
}

/** For deployments: a new domain answers 403 until the rights inside it have spread, for a minute or two. */
export const DEPLOYMENT_PATIENCE: RetryPolicy = { tries: 24, baseMs: 1000, maxMs: 15_000 };

/**
 * Waits before try number `next` (the first is 1): anything up to twice as long as before, so that clients spread out.
 */
export const pauseBefore = (next: number, { baseMs, maxMs, pause = pauseAtRandom }: RetryPolicy): Promise<void> =>
  pause(Math.min(maxMs, baseMs * 2 ** (next - 1)));

const pauseAtRandom = (mostMs: number): Promise<void> => sleep(Math.random() * mostMs);

/** Repeats what a busy or absent store refused; the last failure is thrown. */
export async function retrying<Result>(policy: RetryPolicy, attempt: () => Promise<Result>): Promise<Result> {
  for (let next = 2; ; next++) {
    try {
      return await attempt();
    } catch (error) {
      if (next > policy.tries || !mayPass(error)) throw error;
      await pauseBefore(next, policy);
    }
  }
}
