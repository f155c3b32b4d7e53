import { sendFromLambda } from "#examples/shared/signed-api.ts";
import { moveWeights } from "./mover.ts";

const send = sendFromLambda();
const { GATEWAY = "", STABLE = "", CANARY = "", STEP_PERCENT, SETTLE_MS } = process.env;
const canary = { gateway: GATEWAY, stable: STABLE, canary: CANARY };
const pace = { stepPercent: Number(STEP_PERCENT), settleMs: Number(SETTLE_MS) };

/** What fails is thrown, and Lambda calls again. */
export const handler = async (): Promise<void> => {
  const canaryPercent = await moveWeights(send, canary, pace);
  console.log(JSON.stringify({ ...canary, canaryPercent }));
};
