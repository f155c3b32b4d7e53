import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { DeadDelivery } from "#core/triggers/delivery.ts";
import { LocalDeliveryQueue } from "#journals/local/local-delivery-queue.ts";
import { type EmbeddedDatabase, openDatabase } from "#stores/embedded/database.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

const aDeadDelivery = (id: string): DeadDelivery => ({
  id,
  namespace: "default",
  kind: "triggers",
  name: "one",
  sinceMs: 0,
  event: anEvent(),
  reason: "its receiver was away",
});
const idsOf = (queue: LocalDeliveryQueue) => queue.dead().map(({ id }) => id);

describe("dead deliveries of the local server", () => {
  let database: EmbeddedDatabase;
  beforeEach(() => {
    database = openDatabase(":memory:");
  });
  afterEach(() => database.close());

  test("go by the time at which they died, however long they had waited before, or died again", async () => {
    let nowMs = 1000;
    const queue = new LocalDeliveryQueue({ database, now: () => nowMs });
    for (const id of ["first", "twice", "last"]) {
      await queue.take(aDeadDelivery(id));
      nowMs += 1000;
    }
    await queue.take(aDeadDelivery("twice"));

    queue.forgetDead(1000);
    expect(idsOf(queue)).toEqual(["first", "twice", "last"]);

    queue.forgetDead(3000);
    expect(idsOf(queue)).toEqual(["twice", "last"]);
  });

  test("of a file that did not say when they died stay for as long as those that die now", async () => {
    await new LocalDeliveryQueue({ database }).take(aDeadDelivery("old"));
    database.define("ALTER TABLE dead_delivery DROP COLUMN died");

    const queue = new LocalDeliveryQueue({ database, now: () => 5000 });
    const openedAgain = new LocalDeliveryQueue({ database, now: () => 9000 });

    openedAgain.forgetDead(5000);
    expect(idsOf(queue)).toEqual(["old"]);
    openedAgain.forgetDead(5001);
    expect(idsOf(queue)).toEqual([]);
  });
});
