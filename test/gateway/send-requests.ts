import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { sendRaw } from "#test/real-haproxy/haproxy.ts";
import { HOSTILE_REQUESTS } from "#test/real-haproxy/hostile-requests.ts";
import type { Random } from "#test/support/random.ts";

export interface Traffic {
  readonly port: number;
  readonly requests: number;
  /** How many a second, at most. */
  readonly rate: number;
  readonly random: Random;
  /** Told after each request how many were sent. */
  readonly onSent: (sent: number) => void;
}

const CLIENTS = 16;
const HOSTILE_CHANCE = 0.03;
const NEW_CONNECTION_CHANCE = 0.02;
/** HAProxy gives up on a request that does not come to its end a little earlier. */
const HOSTILE_PATIENCE_MS = 1500;
/** Each is one path of its own, by its number. */
const PATHS: readonly ((number: number) => string)[] = [
  (number) => `/${number}`,
  (number) => `/items/${number}?q=a%20b&page=2`,
  (number) => `/${number}/500`,
  (number) => `/denied/${number}`,
  (number) => `/nowhere/${number}`,
  (number) => `/${"long/".repeat(200)}${number}`,
];

/** Clients that keep their connections, and now and then one that sends what no client should. */
export async function sendRequests({ port, requests, rate, random, onSent }: Traffic): Promise<void> {
  const startMs = performance.now();
  let next = 0;
  let sent = 0;
  const hostile: Promise<void>[] = [];
  const runClient = async (): Promise<void> => {
    let agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (next < requests) {
      const number = next++;
      await sleep(Math.max(0, startMs + (number * 1000) / rate - performance.now()));
      if (random.chance(HOSTILE_CHANCE))
        hostile.push(sendRaw(port, random.oneOf(HOSTILE_REQUESTS), HOSTILE_PATIENCE_MS));
      else await get(port, random.oneOf(PATHS)(number), agent);
      onSent(++sent);
      if (!random.chance(NEW_CONNECTION_CHANCE)) continue;
      agent.destroy();
      agent = new Agent({ keepAlive: true, maxSockets: 1 });
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: CLIENTS }, runClient));
  await Promise.all(hostile);
}

/**
 * Whatever comes of it: a connection that HAProxy closes at this moment is lost to
 * both, and the sink tells what was logged.
 */
function get(port: number, path: string, agent: Agent): Promise<void> {
  return new Promise((resolve) => {
    request({ host: "127.0.0.1", port, path, agent }, (response) => {
      response.resume();
      response.on("close", resolve);
    })
      .on("error", () => resolve())
      .end();
  });
}
