import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuMsOf } from "./cpu-time.ts";
import type { Engine, Ground } from "./ground.ts";
import { HttpConnection, requestBytes } from "./http-connection.ts";
import { pulsePath, pulseTarget } from "./ingest-target.ts";
import type { Bar, Row, SuiteReport } from "./report.ts";
import type { ClientsReport, ClientsTask } from "./stream-clients.ts";

const CLIENTS = 1000;
const PER_SECOND = 10;
/** Events before the clients come: the first one makes an index. */
const WARM_UPS = 20;

const BARS_MS: Readonly<Record<Engine, number>> = { embedded: 100, OpenSearch: 1500 };

/** From the moment an event is sent until each of 1000 streams has it, ten events a second. */
export async function stream(ground: Ground, seconds: number): Promise<SuiteReport> {
  const rows: Row[] = [];
  const bars: Bar[] = [];
  const reports = new Map<Engine, Measured>();
  for (const engine of await ground.engines()) reports.set(engine, await streamFrom(ground, engine, seconds));
  for (const engine of ["embedded", "OpenSearch"] as const) {
    const report = reports.get(engine);
    if (report !== undefined)
      rows.push({
        what: `Pulse, ${engine}`,
        figures: {
          "p50 ms": report.p50Ms,
          "p99 ms": report.p99Ms,
          "slowest ms": report.slowestMs,
          lost: report.lost,
          doubled: report.doubled,
          "CPU µs per arrival": report.serverCpuMs && (report.serverCpuMs / report.arrivals) * 1000,
        },
        over: report.arrivals,
      });
    const wrong = report && report.lost + report.doubled;
    bars.push(
      { what: `${engine}: p99, ms`, measured: report?.p99Ms, bound: { atMost: BARS_MS[engine] } },
      { what: `${engine}: lost or doubled`, measured: wrong, bound: { atMost: 0 } },
    );
  }
  return {
    suite: "stream",
    setup: `${CLIENTS} clients, ${PER_SECOND} events/s for ${seconds} s; from sending an event to its arrival at each client`,
    rows,
    bars,
  };
}

interface Measured extends ClientsReport {
  /** Pulse's own, while the clients listened. */
  readonly serverCpuMs: number | undefined;
}

async function streamFrom(ground: Ground, engine: Engine, seconds: number): Promise<Measured> {
  const namespace = await ground.namespace();
  const served = await ground.serve(engine, [namespace]);
  const { url } = served;
  await publish(url, namespace, WARM_UPS);
  await pulseTarget(engine, served, namespace).untilSearchable(WARM_UPS);
  const events = PER_SECOND * seconds;
  ground.progress(`${CLIENTS} streams from ${engine}, ${events} events`);
  const clients = fork(join(import.meta.dirname, "stream-clients.ts"));
  ground.onClose(async () => clients.kill());
  const task: ClientsTask = { url: `${url}${pulsePath(namespace, "/events/stream")}`, clients: CLIENTS, events };
  clients.send(task);
  await nextMessage(clients);
  const reported = nextMessage(clients);
  const pid = served.process.pid as number;
  const cpuBeforeMs = cpuMsOf(pid);
  await publish(url, namespace, events);
  const report = (await reported) as ClientsReport;
  const cpuAfterMs = cpuMsOf(pid);
  return { ...report, serverCpuMs: cpuBeforeMs && cpuAfterMs && cpuAfterMs - cpuBeforeMs };
}

/** At even times, however long the one before took. Events carry the time they were sent at as their value. */
async function publish(url: string, namespace: string, events: number): Promise<void> {
  const connection = await HttpConnection.open(url);
  const startMs = performance.now();
  for (let index = 0; index < events; index++) {
    await sleep(Math.max(0, startMs + (index * 1000) / PER_SECOND - performance.now()));
    const event = JSON.stringify({
      tags: ["bench", `number:${index}`],
      value: performance.timeOrigin + performance.now(),
    });
    const { status, body } = await connection.send(requestBytes(url, "POST", pulsePath(namespace, "/events"), event));
    if (status !== 201) throw new Error(`not taken: ${status} ${body}`);
  }
  connection.close();
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the clients ended with ${code}`);
  });
  return (await Promise.race([once(child, "message"), ended]))[0];
}
