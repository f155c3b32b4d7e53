import { describe, jest, test } from "@jest/globals";
import { playGateway } from "#test/feedback/played-gateway.ts";
import { openRealGateway } from "#test/feedback/real-gateway.ts";
import { tellsOfTrouble, WINDOW_MS } from "#test/feedback/tells-of-trouble.ts";
import { testHaproxy } from "#test/real-haproxy/describe-haproxy.ts";

jest.setTimeout(6 * WINDOW_MS);

// Side by side: for most of the time each waits for its windows.
describe("a gateway of which one server fails, and recovers, shows it in its health, a stream and a webhook", () => {
  test.concurrent("within two windows, by the lines of a sample", () => tellsOfTrouble(playGateway));

  testHaproxy.concurrent("within two windows, when it is a real one", () => tellsOfTrouble(openRealGateway));
});
