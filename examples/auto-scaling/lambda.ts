import { sendFromLambda } from "#examples/shared/signed-api.ts";
import type { Delivered } from "#examples/shared/webhook-receiver.ts";
import { scale } from "./scaler.ts";

const send = sendFromLambda();
const { SCALE = "", ABOVE_MS, BELOW_MS, LEAST, MOST, SETTLE_MS } = process.env;
const bounds = {
  aboveMs: Number(ABOVE_MS),
  belowMs: Number(BELOW_MS),
  least: Number(LEAST),
  most: Number(MOST),
  settleMs: Number(SETTLE_MS),
};

/** What fails is thrown, and Lambda calls again. */
export const handler = async ({ data }: Delivered): Promise<void> => {
  const instances = await scale(send, SCALE, bounds, data);
  console.log(JSON.stringify({ scale: SCALE, responseTimeMs: data.value, instances }));
};
