import { type MeasuredEvent, putArtifact, readArtifact, type Send } from "#examples/shared/pulse-api.ts";
import { type Bounds, decideScale } from "./decide-scale.ts";

/** An artifact of kind `scales`, in Vamp's words. */
export interface Scale {
  readonly instances: number;
}

/**
 * Changes the scale if the event asks for it, and answers what it is now. Where somebody else changed it meanwhile, the
 * event is older than the change, and asks for nothing any more.
 */
export async function scale(send: Send, name: string, bounds: Bounds, event: MeasuredEvent): Promise<number> {
  const { value, etag, changedAtMs } = await readArtifact<Scale>(send, "scales", name);
  const measured = { responseTimeMs: event.value, measuredAtMs: Date.parse(event.timestamp) };
  const instances = decideScale({ ...measured, instances: value.instances, changedAtMs }, bounds);
  if (instances === value.instances) return instances;
  const isChanged = await putArtifact(send, "scales", name, { ...value, instances }, etag);
  return isChanged ? instances : value.instances;
}

/** The events that a gateway's response time is told by: those of its routes lack the tag `gateway`. */
export const responseTimeOf = (gateway: string) => ({
  type: "metrics",
  tags: [`gateways:${gateway}`, "gateway", "metrics:responseTime"],
});
