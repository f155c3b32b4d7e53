import type { EventBridgeClient, EventBridgeClientConfig } from "@aws-sdk/client-eventbridge";
import { toMessageBody } from "#core/triggers/delivery.ts";
import type { TriggerTarget } from "#core/triggers/trigger-target.ts";
import { notAllowed } from "#functions/shared/triggers/allowed-targets.ts";
import { faultOfCall } from "./aws-fault.ts";

export interface EventBusOptions {
  /** The bus of the deployment, for triggers that name none. */
  readonly busName: string;
  /** Other buses that triggers may name. */
  readonly allowed: readonly string[];
  /** @default - region and credentials of the environment */
  readonly config?: EventBridgeClientConfig;
}

/** `source` of what comes from Pulse: rules match it, and the event's type as `detail-type`. */
const SOURCE = "pulse";

/** Puts events on a bus of EventBridge. The client is loaded with the first. */
export function eventBusTarget({ busName, allowed, config = {} }: EventBusOptions): TriggerTarget {
  type Sdk = typeof import("@aws-sdk/client-eventbridge");
  let opened: Promise<{ readonly sdk: Sdk; readonly client: EventBridgeClient }> | undefined;
  return {
    async attempt(delivery, { target }) {
      if (!("eventBus" in target)) throw new Error("the trigger has no bus");
      const { name = busName } = target.eventBus;
      if (name !== busName && !allowed.includes(name)) return { notTaken: notAllowed("bus", name), isFinal: true };
      opened ??= import("@aws-sdk/client-eventbridge").then((sdk) => ({
        sdk,
        client: new sdk.EventBridgeClient(config),
      }));
      const { sdk, client } = await opened;
      const entry = {
        EventBusName: name,
        Source: SOURCE,
        DetailType: delivery.event.type,
        Time: new Date(delivery.event.timestampMs),
        Detail: toMessageBody(delivery),
      };
      try {
        const { Entries = [] } = await client.send(new sdk.PutEventsCommand({ Entries: [entry] }));
        const fault = Entries[0]?.ErrorCode;
        return fault === undefined ? { taken: true } : { notTaken: `EventBridge did not take it (${fault})` };
      } catch (error) {
        return faultOfCall("EventBridge", error);
      }
    },
  };
}
