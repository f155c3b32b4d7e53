import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { quantile } from "./statistics.ts";

/*
 * The clients of the stream suite, in a process of their own. Told where to connect, it says when every client has its
 * first frame, and reports when every client has every event, or no more come.
 */

export interface ClientsTask {
  readonly url: string;
  readonly clients: number;
  /** How many each of them shall get. */
  readonly events: number;
}

export interface ClientsReport {
  readonly arrivals: number;
  readonly lost: number;
  readonly doubled: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly slowestMs: number;
}

/** After so long without an arrival, what is missing is lost. */
const PATIENCE_MS = 10_000;

const FRAME = /data: \{"id":"([^"]+)".*?"value":([\d.]+)/;

process.once("message", async (task: ClientsTask) => {
  const latenciesMs: number[] = [];
  let lastArrivalMs = performance.now();
  const seen = Array.from({ length: task.clients }, () => new Set<string>());
  const agent = new Agent({ keepAlive: false });

  const onFrame = (client: number, frame: string): void => {
    const [, id, sentAtMs] = FRAME.exec(frame) ?? [];
    if (id === undefined) return;
    lastArrivalMs = performance.now();
    latenciesMs.push(performance.timeOrigin + lastArrivalMs - Number(sentAtMs));
    seen[client]?.add(id);
  };
  await Promise.all(seen.map((_, client) => follow(task.url, agent, (frame) => onFrame(client, frame))));
  process.send?.("connected");

  lastArrivalMs = performance.now();
  const expected = task.clients * task.events;
  while (latenciesMs.length < expected && performance.now() - lastArrivalMs < PATIENCE_MS) await sleep(50);
  // What comes twice may come a little later.
  await sleep(500);
  const distinct = seen.reduce((sum, ids) => sum + ids.size, 0);
  const report: ClientsReport = {
    arrivals: latenciesMs.length,
    lost: expected - distinct,
    doubled: latenciesMs.length - distinct,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    slowestMs: quantile(latenciesMs, 1),
  };
  process.send?.(report, () => process.exit());
});

/** Resolves with the first frame of a stream, and hands on every frame. */
function follow(url: string, agent: Agent, onFrame: (frame: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => {
      let pending = "";
      answer.setEncoding("utf8");
      answer.on("data", (text: string) => {
        pending += text;
        for (let end = pending.indexOf("\n\n"); end >= 0; end = pending.indexOf("\n\n")) {
          onFrame(pending.slice(0, end));
          pending = pending.slice(end + 2);
          resolve();
        }
      });
    }).on("error", reject);
  });
}
