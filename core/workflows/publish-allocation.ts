import { appendAll } from "#core/workflows/append-all.ts";
import { declaredTopology } from "#core/workflows/declared-topology.ts";
import { measureAllocation } from "#core/workflows/measure-allocation.ts";
import type { Measured, Measuring } from "#core/workflows/measure-lines.ts";
import { toMeasuredEvent } from "#core/workflows/measured-event.ts";
import { dueWindows } from "#core/workflows/window.ts";

/**
 * Publishes what the deployments of a namespace are given, as of the end of the newest window that is due: artifacts
 * tell of now, so earlier windows are not made up for. Run twice, it publishes the same events.
 */
export async function publishAllocation(
  namespace: string,
  measuring: Omit<Measuring, "store">,
): Promise<Pick<Measured, "events">> {
  const window = dueWindows(measuring.rhythm, measuring.now(), undefined).windows.at(-1);
  if (window === undefined) return { events: 0 };
  const topologyAt = await declaredTopology(namespace, measuring);
  const measurements = measureAllocation(topologyAt(Number.POSITIVE_INFINITY));
  await appendAll(
    measuring.journal,
    measurements.map((measurement) => toMeasuredEvent(namespace, window, measurement)),
  );
  return { events: measurements.length };
}
