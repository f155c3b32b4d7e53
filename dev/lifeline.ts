import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import type { Socket } from "node:net";

/**
 * Becomes the command, and leaves behind a reader of descriptor 3: when its other end closes without a word, because
 * the process that held it is gone (kill -9 included), the command is told to end.
 */
const WITH_LIFELINE = '(read -r _ <&3 || kill $$) 2>/dev/null & exec "$@" 3<&-';

/**
 * Spawns a server that ends with this process, however this one ends. It has a session of its own, so that Ctrl-C in
 * the terminal reaches only this process, which then stops it in good order.
 */
export function spawnWithLifeline(
  command: readonly string[],
  output: number | "ignore",
  options: Pick<SpawnOptions, "env" | "cwd"> = {},
): ChildProcess {
  const child = spawn("/bin/sh", ["-c", WITH_LIFELINE, "sh", ...command], {
    ...options,
    detached: true,
    stdio: ["ignore", output, output, "pipe"],
  });
  const lifeline = child.stdio[3] as Socket;
  // One that dies first breaks the pipe; its "exit" tells of it.
  lifeline.on("error", () => {});
  child.once("exit", () => lifeline.end("ended\n"));
  return child;
}
