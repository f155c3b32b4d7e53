import { setTimeout as sleep } from "node:timers/promises";
import { postTraffic, startLocalPulse } from "#examples/shared/local-pulse.ts";
import { putArtifact } from "#examples/shared/pulse-api.ts";
import { newSecret, receiveWebhooks } from "#examples/shared/webhook-receiver.ts";
import { responseTimeOf, scale } from "./scaler.ts";

const GATEWAY = "shop";
const BOUNDS = { aboveMs: 1000, belowMs: 100, least: 1, most: 3, settleMs: 0 };
const PATIENCE_MS = 90_000;

/*
 * npx node examples/auto-scaling/run-locally.ts
 *
 * A gateway answers slowly; Pulse measures that every five seconds, a trigger tells the scaler, and
 * it adds an instance until there are three.
 */
const pulse = await startLocalPulse();
const secret = newSecret();
let instances = 1;
const receiver = await receiveWebhooks(secret, async ({ data }) => {
  const now = await scale(pulse.send, GATEWAY, BOUNDS, data);
  if (now !== instances) console.log(`response time ${data.value} ms: from ${instances} to ${now} instances`);
  instances = now;
});
try {
  await putArtifact(pulse.send, "scales", GATEWAY, { instances });
  const target = { webhook: { url: receiver.url, secret } };
  await putArtifact(pulse.send, "triggers", "scaler", { ...responseTimeOf(GATEWAY), target });
  const deadlineMs = Date.now() + PATIENCE_MS;
  while (instances < BOUNDS.most) {
    if (Date.now() > deadlineMs) throw new Error(`there are still ${instances} instances`);
    await postTraffic(pulse.send, { gateway: GATEWAY, backend: "app", status: 200, responseTimeMs: 1500 });
    await sleep(500);
  }
} finally {
  receiver.close();
  await pulse.stop();
}
