import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type ServedPulse, servePulse } from "#dev/served-pulse.ts";
import { endProcess } from "#test/support/end-process.ts";
import type { Random } from "#test/support/random.ts";

/** A process that is killed and comes back on the data that it left. */
export interface Victim {
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** In good order, with what it does before it ends. */
  stop(): Promise<void>;
}

/** `pulse serve` with these options. */
export function serverVictim(options: readonly string[]): Victim {
  let pulse: ServedPulse | undefined;
  return {
    async start() {
      pulse = await servePulse(options);
    },
    async kill() {
      await pulse?.kill();
      pulse = undefined;
    },
    async stop() {
      await pulse?.stop();
      pulse = undefined;
    },
  };
}

/** The bundled agent with these options. */
export function agentVictim(bundle: string, options: readonly string[]): Victim {
  let agent: ChildProcess | undefined;
  let said = "";
  return {
    async start() {
      const child = spawn(process.execPath, [bundle, ...options], {
        env: {},
        stdio: ["ignore", "ignore", "pipe"],
        detached: true,
      });
      agent = child;
      said = "";
      await new Promise<void>((resolve, reject) => {
        child.stderr.on("data", (chunk: Buffer) => {
          said += chunk;
          if (said.includes('"the agent takes lines"')) resolve();
        });
        child.once("exit", () => reject(new Error(`the agent has ended: ${said}`)));
      });
    },
    async kill() {
      if (agent === undefined) return;
      if (agent.exitCode !== null) throw new Error(`the agent has ended by itself: ${said}`);
      const exited = once(agent, "exit");
      agent.kill("SIGKILL");
      await exited;
      agent = undefined;
    },
    async stop() {
      if (agent !== undefined) await endProcess(agent);
      agent = undefined;
    },
  };
}

export interface Killing {
  readonly victim: Victim;
  /** After so many requests each. */
  readonly moments: readonly number[];
  readonly random: Random;
  readonly sentRequests: () => number;
  /** What must be so before. */
  readonly whenReady?: () => Promise<void>;
  /** What else happens while it is dead. */
  readonly whileDead?: () => Promise<void>;
}

const LOOK_MS = 5;
const LONGEST_AWAY_MS = 1500;

/** Kills it at these moments, and starts it again a little later each time. Answers how often. */
export async function killAtMoments({ victim, moments, random, sentRequests, ...around }: Killing): Promise<number> {
  for (const moment of moments) {
    while (sentRequests() < moment) await sleep(LOOK_MS);
    await sleep(random.integer(0, 100));
    await around.whenReady?.();
    await victim.kill();
    await around.whileDead?.();
    await sleep(random.integer(0, LONGEST_AWAY_MS));
    await victim.start();
  }
  return moments.length;
}
