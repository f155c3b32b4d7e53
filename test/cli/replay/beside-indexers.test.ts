import { describe, expect, test } from "@jest/globals";
import { NaiveEventStore } from "#test/stores/naive-event-store.ts";
import { isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { seededRandom, seedOfThisRun } from "#test/support/random.ts";
import { replayBesideIndexers } from "./beside-indexers.ts";

const seed = seedOfThisRun();
/** It takes seconds, and a minute on a machine that has much else to do. */
const PATIENT_MS = 240_000;

describe("a replay beside indexers that lag behind", () => {
  test(
    `hides no event from streams and doubles none, under 60 schedules (seed ${seed})`,
    async () => {
      let replayed = 0;
      for (let run = 0; run < 60; run++)
        replayed += await replayBesideIndexers(new NaiveEventStore(), seededRandom(seed + run));

      expect(replayed).toBeGreaterThan(200);
    },
    PATIENT_MS,
  );

  test(
    "would hide events if it looked at when they were received only",
    async () => {
      const run = async (seed: number): Promise<void> => {
        await replayBesideIndexers(new NaiveEventStore(), seededRandom(seed), { isCareful: false });
      };
      const runs = await Promise.allSettled(Array.from({ length: 40 }, (_, seed) => run(seed)));

      expect(runs.filter(({ status }) => status === "rejected").length).toBeGreaterThan(0);
    },
    PATIENT_MS,
  );
});

describeOpenSearch("a replay beside indexers that lag behind, on OpenSearch", (url) => {
  test(
    "hides no event from streams and doubles none",
    async () => {
      const isolated = await isolateInstalled(url());
      try {
        const store = await isolated.open();

        const replayed = await replayBesideIndexers(store, seededRandom(7), { namespace: "beside" });

        expect(replayed).toBeGreaterThan(0);
      } finally {
        await isolated.remove();
      }
    },
    PATIENT_MS,
  );
});
