import { isIP } from "node:net";

/** Where triggers may deliver to, besides receivers in the internet and the bus of the deployment. */
export interface TriggerTargets {
  /** Networks that webhooks may reach though they are not of the internet, like 10.1.0.0/16. @default - none */
  readonly networks?: readonly string[];
  /** Names of further buses of EventBridge. @default - none */
  readonly buses?: readonly string[];
  /** Names of functions. @default - none */
  readonly functions?: readonly string[];
}

/** Refuses what functions could not use, before anything is deployed. */
export function requireTriggerTargets({ networks = [], buses = [], functions = [] }: TriggerTargets): void {
  for (const cidr of networks) {
    const [network = "", prefix = ""] = cidr.split("/");
    const bits = { 0: -1, 4: 32, 6: 128 }[isIP(network)] ?? -1;
    if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)
      throw new Error(`webhookNetworks: ${JSON.stringify(cidr)} is no network like 10.1.0.0/16`);
  }
  for (const name of buses)
    if (!/^[\w./-]{1,256}$/.test(name)) throw new Error(`triggerBuses: ${JSON.stringify(name)} names no bus`);
  for (const name of functions)
    if (!/^[\w-]{1,64}$/.test(name)) throw new Error(`triggerFunctions: ${JSON.stringify(name)} names no function`);
}

/** What a function is told of them. */
export const triggerTargetVariables = ({ networks = [], buses = [], functions = [] }: TriggerTargets = {}) => ({
  ...(networks.length > 0 && { PULSE_WEBHOOK_NETWORKS: networks.join(",") }),
  ...(buses.length > 0 && { PULSE_TRIGGER_BUSES: buses.join(",") }),
  ...(functions.length > 0 && { PULSE_TRIGGER_FUNCTIONS: functions.join(",") }),
});
