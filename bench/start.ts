import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { BASE_PATH } from "#functions/routes.ts";
import { type Ground, quietOptions } from "./ground.ts";
import { sendOnce } from "./http-connection.ts";
import type { Row, SuiteReport } from "./report.ts";
import { median } from "./statistics.ts";

const ROOT = join(import.meta.dirname, "..");
const RUNS = 5;

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  "npm start": ["npm", "--loglevel=error", "start", "--"],
  "node cli/launch.js serve": [process.execPath, "cli/launch.js", "serve"],
};

/** From the start of the command, on an empty folder, to the first answer over HTTP. */
export async function start(ground: Ground): Promise<SuiteReport> {
  const rows: Row[] = [];
  for (const [what, command] of Object.entries(COMMANDS)) {
    const tookMs: number[] = [];
    for (let run = 1; run <= RUNS; run++) {
      ground.progress(`${what}, run ${run} of ${RUNS}`);
      tookMs.push(await timeStart(ground, [...command, ...quietOptions(await ground.folder())]));
    }
    const figures = { "median ms": median(tookMs), fastest: Math.min(...tookMs), slowest: Math.max(...tookMs) };
    rows.push({ what, figures, over: RUNS });
  }
  return {
    suite: "start",
    setup: "to the first answer, on an empty folder",
    rows,
    bars: [{ what: "npm start, ms", measured: rows[0]?.figures["median ms"], bound: { atMost: 1000 } }],
  };
}

async function timeStart(ground: Ground, command: readonly string[]): Promise<number> {
  const startMs = performance.now();
  // In a group of its own, so that npm and the server below it can be stopped together.
  const child = spawn(command[0] as string, command.slice(1), {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid as number), "SIGTERM");
    await exited;
  };
  ground.onClose(stop);
  try {
    await sendOnce(await greetedUrl(child), "GET", `${BASE_PATH}/info`);
    return performance.now() - startMs;
  } finally {
    await stop();
  }
}

async function greetedUrl(child: ChildProcess): Promise<string> {
  let output = "";
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    output += chunk;
    const url = /listens on (http:\S+)/.exec(output)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`ended before it listened: ${output}`);
}
