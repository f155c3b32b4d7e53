import { afterAll, beforeAll, jest } from "@jest/globals";
import { behavesLikeAnEventStore } from "#test/stores/event-store-contract.ts";
import { type Isolated, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";

/** Each check makes indices of its own, which is what takes OpenSearch long. */
jest.setTimeout(300_000);

describeOpenSearch("on OpenSearch", (url) => {
  let isolated: Isolated;

  beforeAll(async () => {
    isolated = await isolateInstalled(url());
  });
  afterAll(() => isolated.remove());

  behavesLikeAnEventStore("the OpenSearch event store", () => isolated.open(), {
    // A t-digest: of few numbers it interpolates otherwise than of ranks, of many it keeps some per cent.
    percentileError: (count) => 1 + count * 0.005,
  });
});
