import { afterAll, beforeAll } from "@jest/globals";
import { behavesLikeAnEventStore } from "#test/stores/event-store-contract.ts";
import { type Isolated, isolateInstalled } from "#test/stores/opensearch/isolated-store.ts";
import { describeOpenSearch } from "#test/support/opensearch.ts";

describeOpenSearch("on OpenSearch", (url) => {
  let isolated: Isolated;

  beforeAll(async () => {
    isolated = await isolateInstalled(url());
  });
  afterAll(() => isolated.remove());

  behavesLikeAnEventStore("the OpenSearch event store", () => isolated.open());
});
