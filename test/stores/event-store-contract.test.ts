import { describe, expect, test } from "@jest/globals";
import {
  type BrokenEventStore,
  brokenEventStores,
  SAME_ID_FAULT,
  SHARD_ORDER_FAULT,
} from "#test/stores/broken-event-stores.ts";
import { type Check, openGround } from "#test/stores/contract/ground.ts";
import { answersAsTheNaiveStore } from "#test/stores/contract/random-comparison.ts";
import { eventStoreChecks } from "#test/stores/event-store-contract.ts";

/** What a check says against a broken store; undefined when it finds no fault. */
async function objection(check: Check, broken: BrokenEventStore): Promise<unknown> {
  try {
    await check.check(await openGround(broken.open()));
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Assertions of `expect` carry the result of their matcher; a crash does not, and would prove nothing. */
const isAssertion = (error: unknown): boolean => error instanceof Error && "matcherResult" in error;

describe("the contract of event stores", () => {
  test.each(brokenEventStores)("catches a store that $fault", async (broken) => {
    const caughtBy: string[] = [];

    for (const check of eventStoreChecks) {
      const error = await objection(check, broken);
      if (isAssertion(error)) caughtBy.push(check.name);
      if (caughtBy.length > 0) break;
    }

    expect(caughtBy).not.toEqual([]);
  });
});

describe("the random comparison", () => {
  const SEED = 20260318;
  /** Its events have ids of their own and its shards live side by side: what else there is, the named checks try. */
  const beyond: readonly string[] = [SAME_ID_FAULT, SHARD_ORDER_FAULT];
  const within = brokenEventStores.filter(({ fault }) => !beyond.includes(fault));

  test.each(within)("catches by itself a store that $fault, and names the seed", async (broken) => {
    const error = await objection(answersAsTheNaiveStore(SEED), broken);

    expect(error).toHaveProperty("message", expect.stringMatching(/^PULSE_SEED=20260318, asked /));
    expect(isAssertion((error as Error).cause)).toBe(true);
  });
});
