import type { Event } from "#core/events/event.ts";
import { expandTags } from "#core/events/tags.ts";
import type { TriggerKey } from "#core/triggers/trigger.ts";
import { uuidV7 } from "#core/uuid.ts";

/** What became of a delivery, or of a trigger: the second half of a tag `deliveries:…`. */
export type DeliveryFate = "succeeded" | "failed" | "dead" | "gone" | "paused" | "resumed" | "stopped";

const TYPE = "workflow";
const TAG = "deliveries";

/** An event about deliveries of a trigger. It starts no trigger itself. */
export function deliveryEvent(
  { namespace, kind, name }: TriggerKey,
  fate: DeliveryFate,
  value: Readonly<Record<string, unknown>>,
  atMs: number,
): Event {
  return {
    id: uuidV7(atMs),
    namespace,
    type: TYPE,
    tags: expandTags([`${kind}:${name}`, `${TAG}:${fate}`]),
    value: JSON.stringify(value),
    timestamp: new Date(atMs).toISOString(),
    timestampMs: atMs,
    receivedAtMs: atMs,
    key: `${kind}/${name}`,
  };
}

export const isDeliveryEvent = ({ type, tags }: Event): boolean => type === TYPE && tags.includes(TAG);
