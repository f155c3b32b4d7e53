import { setTimeout as sleep } from "node:timers/promises";

const LOOK_MS = 10;
const PATIENCE_MS = 20_000;

/** Waits until something is so, or fails with what was there instead. */
export async function until(isSo: () => boolean | Promise<boolean>, instead: () => unknown = () => ""): Promise<void> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > deadlineMs) throw new Error(`waited in vain: ${JSON.stringify(instead())}`);
    await sleep(LOOK_MS);
  }
}
