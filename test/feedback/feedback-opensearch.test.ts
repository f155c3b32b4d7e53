import { jest, test } from "@jest/globals";
import { openRealGateway } from "#test/feedback/real-gateway.ts";
import { tellsOfTrouble, WINDOW_MS } from "#test/feedback/tells-of-trouble.ts";
import { describeHaproxy } from "#test/real-haproxy/describe-haproxy.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";

jest.setTimeout(6 * WINDOW_MS);

describeHaproxy("a real gateway of which one server fails, and recovers,", () => {
  describeOpenSearch("on OpenSearch", (url) => {
    test("shows it in its health, a stream and a webhook within two windows", () =>
      tellsOfTrouble(openRealGateway, ["--opensearch", url()]));
  });
});
