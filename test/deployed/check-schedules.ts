import assert from "node:assert/strict";
import { deleteArtifact } from "./check-artifacts.ts";
import { receivedTicks, TICKING } from "./check-triggers.ts";
import { MEASURED_DEPLOYMENT } from "./check-workflows.ts";
import type { DeployedPulse } from "./deployed-pulse.ts";
import { eventually } from "./eventually.ts";
import type { Report } from "./report.ts";

/** A schedule that was made some minutes ago calls within its minute, and what it starts is there soon after. */
const WITHIN_MS = 90_000;

/** What nobody calls here but the account's own schedules. */
export async function checkSchedules(pulse: DeployedPulse, report: Report): Promise<void> {
  // Ticks that were asked for here are of earlier minutes.
  const sinceMs = Date.now() - 60_000;
  const ticks = () => receivedTicks(pulse).filter((at) => Date.parse(at) > sinceMs);
  await report.check("EventBridge Scheduler has measure-allocation tell what the deployment is given", () =>
    eventually(async () => {
      const [event] = await pulse.ask<{ value: unknown }[]>(
        `/events?type=allocation&tag=deployments:${MEASURED_DEPLOYMENT}`,
      );
      assert.deepEqual(event?.value, { cpu: 1, memory: 1024, instances: 2 });
    }, WITHIN_MS),
  );
  await report.check("a rule of EventBridge has publish-ticks start the workflow of each minute", () =>
    eventually(async () => assert.notEqual(ticks().length, 0), WITHIN_MS),
  );
  for (const path of [`deployments/${MEASURED_DEPLOYMENT}`, `workflows/${TICKING}`]) await deleteArtifact(pulse, path);
}
