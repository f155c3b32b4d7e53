import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** How long a process may take to end in good order. */
const PATIENCE_MS = 15_000;

/**
 * Ends a process that leads a group of its own (see `spawnWithLifeline`): asks it to go, then takes by force whatever
 * is left of the group. One that has ended already is left alone: its id may be another's by now.
 */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timeout = new AbortController();
  await Promise.race([exited, sleep(PATIENCE_MS, undefined, { signal: timeout.signal }).catch(() => {})]);
  timeout.abort();
  killGroup(child);
  await exited;
}

function killGroup({ pid }: ChildProcess): void {
  try {
    process.kill(-(pid as number), "SIGKILL");
  } catch {
    // All of it has gone.
  }
}
