import { newestEvent, putArtifact, readArtifact, type Send } from "#examples/shared/pulse-api.ts";
import { decideCanary, type Pace } from "./decide-weights.ts";

/** An artifact of kind `gateways`, in Vamp's words: of its routes each has a weight like `90%`. */
export interface Gateway {
  readonly routes: Readonly<Record<string, { readonly weight: string }>>;
}

export interface Canary {
  readonly gateway: string;
  readonly stable: string;
  readonly canary: string;
}

/** Moves the gateway's weights one step, or back, or not at all; answers the canary's share in percent. */
export async function moveWeights(send: Send, { gateway, stable, canary }: Canary, pace: Pace): Promise<number> {
  const { value, etag, changedAtMs } = await readArtifact<Gateway>(send, "gateways", gateway);
  const newest = await newestEvent(send, [`gateways:${gateway}`, `routes:${canary}`, "health"]);
  const health = newest && { value: newest.value, measuredAtMs: Date.parse(newest.timestamp) };
  const canaryPercent = Number.parseFloat(value.routes[canary]?.weight ?? "0");
  const wanted = decideCanary({ canaryPercent, changedAtMs }, health, pace);
  if (wanted === canaryPercent) return canaryPercent;
  const routes = {
    ...value.routes,
    [stable]: { ...value.routes[stable], weight: `${100 - wanted}%` },
    [canary]: { ...value.routes[canary], weight: `${wanted}%` },
  };
  return (await putArtifact(send, "gateways", gateway, { ...value, routes }, etag)) ? wanted : canaryPercent;
}
