import { afterEach, expect, jest, test } from "@jest/globals";
import { servePulse } from "#dev/served-pulse.ts";
import { openTroubledGateway } from "#test/feedback/two-backends.ts";
import { watchGateway } from "#test/feedback/watch-loop.ts";
import { describeHaproxy } from "#test/real-haproxy/describe-haproxy.ts";
import { freePorts } from "#test/real-haproxy/haproxy.ts";
import { describeOpenSearch } from "#test/support/opensearch.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

/** What a measurement of health looks back on. */
const WINDOW_MS = 30_000;
const TWO_WINDOWS_MS = 2 * WINDOW_MS;

jest.setTimeout(6 * WINDOW_MS);

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function openWorld(engine: readonly string[]) {
  const folder = await temporaryFolder();
  closing.push(folder.remove);
  const [syslog = 0] = await freePorts(1);
  const pulse = await servePulse([
    "--measure-every",
    "5s",
    "--port",
    "0",
    "--syslog",
    String(syslog),
    "--data",
    `${folder.path}/pulse`,
    ...engine,
  ]);
  closing.push(() => pulse.stop());
  const gateway = await openTroubledGateway(folder.path, syslog);
  closing.push(gateway.close);
  const watch = await watchGateway(pulse, gateway.name);
  closing.push(watch.close);
  return { gateway, watch };
}

async function tellsOfTrouble(engine: readonly string[]): Promise<void> {
  const { gateway, watch } = await openWorld(engine);
  await watch.untilAllTell(1, TWO_WINDOWS_MS);

  gateway.fail();
  await watch.untilAllTell(0, TWO_WINDOWS_MS);
  gateway.heal();
  await watch.untilAllTell(1, TWO_WINDOWS_MS);

  expect(gateway.failed).toBeGreaterThan(0);
  const { deliveries, forged } = watch.webhook;
  expect(forged).toBe(0);
  expect(new Set(deliveries.map(({ id }) => id)).size).toBe(deliveries.length);
}

describeHaproxy("a gateway of which one server fails, and recovers,", () => {
  test("shows it in the view, the stream and a webhook within two windows", () => tellsOfTrouble([]));

  describeOpenSearch("on OpenSearch", (url) => {
    test("shows it all the same", () => tellsOfTrouble(["--opensearch", url()]));
  });
});
