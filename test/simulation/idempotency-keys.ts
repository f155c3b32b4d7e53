import { type IdempotencyKeys, KEY_LIFETIME_MS, type KeyClaim } from "#core/events/idempotency-keys.ts";
import { orUnavailable } from "#test/simulation/network.ts";
import type { SimulatedProcess } from "#test/simulation/simulated-process.ts";
import type { World } from "#test/simulation/world.ts";

/** The table that all copies of create-events share. */
export type ClaimTable = Map<string, KeyClaim>;

const TIMEOUT_MS = 1_000;

/** How a process reaches the table; each claim is a conditional put. */
export function idempotencyKeys(
  { time, network }: World,
  process: SimulatedProcess,
  table: ClaimTable,
): IdempotencyKeys {
  const claim = (wanted: KeyClaim): KeyClaim => {
    const name = `${wanted.namespace} ${wanted.key}`;
    const first = table.get(name);
    if (first !== undefined && first.receivedAtMs > time.now() - KEY_LIFETIME_MS) return first;
    table.set(name, wanted);
    return wanted;
  };
  return {
    claim: (wanted) => network.call(process, "claim keys", TIMEOUT_MS, () => wanted.map(claim)).catch(orUnavailable),
  };
}
