import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 200;
const TIMEOUT_MS = 20_000;

/** Asks again until the answer is there, and throws the last reason why it was not. */
export async function eventually<Result>(ask: () => Promise<Result>, timeoutMs = TIMEOUT_MS): Promise<Result> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await ask();
    } catch (failure) {
      if (Date.now() > deadline) throw failure;
      await sleep(POLL_MS);
    }
  }
}

/** Not at all, if the instant is past. */
export const sleepUntil = (ms: number): Promise<void> => sleep(Math.max(0, ms - Date.now()));
