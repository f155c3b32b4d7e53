import { setTimeout as sleep } from "node:timers/promises";
import { postTraffic, startLocalPulse } from "#examples/shared/local-pulse.ts";
import { putArtifact } from "#examples/shared/pulse-api.ts";
import { newSecret, receiveWebhooks } from "#examples/shared/webhook-receiver.ts";
import { moveWeights } from "./mover.ts";

const SHOP = { gateway: "shop", stable: "blue", canary: "green" };
const PACE = { stepPercent: 45, settleMs: 0 };
const PATIENCE_MS = 90_000;

/*
 * npx node examples/canary/run-locally.ts [--failing]
 *
 * A gateway gives a tenth of its requests to a new route. A workflow looks at its health every two seconds, and moves
 * the weights until the route has all requests, or, where it fails, none.
 */
const isFailing = process.argv.includes("--failing");
const pulse = await startLocalPulse();
const serveRequests = async (): Promise<void> => {
  const answered = { gateway: SHOP.gateway, responseTimeMs: 20 };
  await postTraffic(pulse.send, { ...answered, backend: SHOP.stable, status: 200 });
  await postTraffic(pulse.send, { ...answered, backend: SHOP.canary, status: isFailing ? 503 : 200 });
};
const secret = newSecret();
let percent = 10;
const receiver = await receiveWebhooks(secret, async () => {
  const now = await moveWeights(pulse.send, SHOP, PACE);
  if (now !== percent) console.log(`${SHOP.canary} gets ${now} % instead of ${percent} %`);
  percent = now;
});
try {
  // Requests come first: a route without any is well.
  await serveRequests();
  const routes = { [SHOP.stable]: { weight: "90%" }, [SHOP.canary]: { weight: "10%" } };
  await putArtifact(pulse.send, "gateways", SHOP.gateway, { routes });
  const target = { webhook: { url: receiver.url, secret } };
  await putArtifact(pulse.send, "workflows", "canary", { schedule: { period: "2s" }, target });
  const deadlineMs = Date.now() + PATIENCE_MS;
  while (percent !== 0 && percent !== 100) {
    if (Date.now() > deadlineMs) throw new Error(`${SHOP.canary} still gets ${percent} %`);
    await serveRequests();
    await sleep(500);
  }
} finally {
  receiver.close();
  await pulse.stop();
}
