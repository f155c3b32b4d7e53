import { afterAll, beforeAll, jest } from "@jest/globals";
import type { EventStore } from "#core/events/event-store.ts";
import { measuresLines } from "#test/core/workflows/measure-lines-contract.ts";
import { type Isolated, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";

/** Each test makes indices of its own, which is what takes OpenSearch long. */
jest.setTimeout(300_000);

describeOpenSearch("on a real OpenSearch", (url) => {
  let isolated: Isolated;
  let store: EventStore;

  beforeAll(async () => {
    isolated = await isolateInstalled(url());
    store = await isolated.open();
  });
  afterAll(() => isolated.remove());

  measuresLines("OpenSearch", () => store);
});
