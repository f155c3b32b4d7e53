import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** `pulse serve` in a process of its own. */
export interface ServedPulse {
  readonly url: string;
  readonly syslogPort: number | undefined;
  readonly process: ChildProcess;
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL: nothing is tidied up. */
  kill(): Promise<void>;
}

const LAUNCH = join(import.meta.dirname, "..", "cli", "launch.js");

/** Nothing is measured, so that the only events are those that were sent. */
const QUIET = ["--measure-every", "off"];

/** Starts the command with these options, and waits for its greeting. Nothing is measured unless they say so. */
export async function servePulse(
  options: readonly string[],
  { nodeOptions = [] }: { readonly nodeOptions?: readonly string[] } = {},
): Promise<ServedPulse> {
  const command = [...nodeOptions, LAUNCH, "serve", ...QUIET, ...options];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  const exited = once(child, "exit") as Promise<[number | null]>;
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk;
  });
  const greeting = new Promise<string>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk;
      if (output.includes("/events/stream\n")) resolve(output);
    });
  });
  const failed = exited.then(([code]) => {
    throw new Error(`pulse serve ended with ${code}: ${errors}`);
  });
  failed.catch(() => {});
  const text = await Promise.race([greeting, failed]);
  const syslog = /syslog on [\d.]+:(\d+)/.exec(text)?.[1];
  return {
    url: /listens on (\S+)/.exec(text)?.[1] as string,
    syslogPort: syslog === undefined ? undefined : Number(syslog),
    process: child,
    async stop() {
      child.kill("SIGTERM");
      return (await exited)[0];
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
