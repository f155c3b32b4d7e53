import { describe, expect, test } from "@jest/globals";

import type { BrokerAnswer } from "#test/support/opensearch/opensearch-broker.ts";

const found = await findOpenSearch();

/**
 * A suite that runs against a real OpenSearch: the one at OPENSEARCH_URL, else one node that all test files of the run
 * share, so each file must keep to index names of its own. Where none can be had the suite is skipped and named at the
 * end of the run; with CI=true it fails.
 */
export function describeOpenSearch(name: string, suite: (url: () => string) => void): void {
  if ("url" in found) describe(name, () => suite(() => found.url));
  else if ("unavailable" in found && process.env.CI !== "true") describe.skip(name, () => suite(neverCalled));
  else
    describe(name, () => {
      test("has an OpenSearch to run against", () => {
        throw new Error("unavailable" in found ? found.unavailable : found.failed);
      });
    });
}

async function findOpenSearch(): Promise<BrokerAnswer> {
  if (process.env.OPENSEARCH_URL) return { url: process.env.OPENSEARCH_URL };
  const testFile = encodeURIComponent(expect.getState().testPath ?? "");
  const answer = await fetch(`${process.env.PULSE_OPENSEARCH_BROKER}/?for=${testFile}`);
  return (await answer.json()) as BrokerAnswer;
}

const neverCalled = (): string => {
  throw new Error("a skipped suite asks for its OpenSearch while it is being described, not in a test");
};
