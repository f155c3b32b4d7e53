import { afterAll, beforeAll, describe, test } from "@jest/globals";
import type { EventStore } from "#core/events/event-store.ts";
import { aggregatingChecks } from "#test/stores/contract/aggregating-checks.ts";
import { type Check, type EventStoreTraits, openGround } from "#test/stores/contract/ground.ts";
import { hostileNameChecks } from "#test/stores/contract/hostile-name-checks.ts";
import { keepingChecks } from "#test/stores/contract/keeping-checks.ts";
import { pagingChecks } from "#test/stores/contract/paging-checks.ts";
import { answersAsTheNaiveStore } from "#test/stores/contract/random-comparison.ts";
import { searchingChecks } from "#test/stores/contract/searching-checks.ts";
import { tailingChecks } from "#test/stores/contract/tailing-checks.ts";
import { valueChecks } from "#test/stores/contract/value-checks.ts";
import { seedOfThisRun } from "#test/support/random.ts";

/** What every event store promises, one check a promise. */
export const eventStoreChecks: readonly Check[] = [
  ...keepingChecks,
  ...searchingChecks,
  ...aggregatingChecks,
  ...valueChecks,
  ...hostileNameChecks,
  ...tailingChecks,
  ...pagingChecks,
];

/**
 * Registers the contract as tests of an engine. One store is opened for all of them, and closed by them; each works in
 * a namespace and a shard of its own, so others may use the same store meanwhile.
 */
export function behavesLikeAnEventStore(
  name: string,
  open: () => Promise<EventStore>,
  traits: EventStoreTraits = {},
): void {
  describe(`${name} behaves like an event store`, () => {
    let store: EventStore;

    beforeAll(async () => {
      store = await open();
    });
    afterAll(async () => {
      await store?.close();
    });

    for (const { name: promise, check } of [answersAsTheNaiveStore(seedOfThisRun()), ...eventStoreChecks])
      test(promise, async () => check(await openGround(store, traits)));
  });
}
