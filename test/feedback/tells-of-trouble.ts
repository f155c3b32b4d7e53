import { expect } from "@jest/globals";
import { servePulse } from "#dev/served-pulse.ts";
import type { OpenGateway } from "#test/feedback/troubled-gateway.ts";
import { watchGateway } from "#test/feedback/watch-loop.ts";
import { freePorts } from "#test/real-haproxy/haproxy.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

/** What a measurement of health looks back on. */
export const WINDOW_MS = 30_000;
const TWO_WINDOWS_MS = 2 * WINDOW_MS;

/**
 * A server of the gateway fails and recovers: view, stream and webhook tell of
 * both within two windows, and of each once.
 */
export async function tellsOfTrouble(openGateway: OpenGateway, engine: readonly string[] = []): Promise<void> {
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const folder = await temporaryFolder();
    closing.push(folder.remove);
    const [syslog = 0] = await freePorts(1);
    const ports = ["--port", "0", "--syslog", String(syslog)];
    const pulse = await servePulse([...ports, "--data", `${folder.path}/pulse`, "--measure-every", "5s", ...engine]);
    closing.push(() => pulse.stop());
    const gateway = await openGateway(folder.path, syslog);
    closing.push(gateway.close);
    const watch = await watchGateway(pulse, gateway.name);
    closing.push(watch.close);
    await watch.untilAllTell(1, TWO_WINDOWS_MS);

    gateway.fail();
    await watch.untilAllTell(0, TWO_WINDOWS_MS);
    gateway.heal();
    await watch.untilAllTell(1, TWO_WINDOWS_MS);

    expect(gateway.failed).toBeGreaterThan(0);
    const { deliveries, forged } = watch.webhook;
    expect(forged).toBe(0);
    expect(new Set(deliveries.map(({ id }) => id)).size).toBe(deliveries.length);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}
