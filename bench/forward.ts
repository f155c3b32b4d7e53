import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { bundleForwarder } from "#lib/bundle-forwarder.ts";
import { cpuMsOf } from "./cpu-time.ts";
import type { Ground } from "./ground.ts";
import type { Row, SuiteReport } from "./report.ts";

const LINES_PER_SECOND = 20_000;
const TICK_MS = 5;
const MAX_RSS_MIB = 120;
const PORT = 35_514;
/** What pulse-forward.service runs it with. */
const NODE_OPTIONS = ["--optimize-for-size", "--max-semi-space-size=2"];

/**
 * What the agent takes of a machine while lines of httplog come at a steady
 * pace: memory at its most, and processor time.
 */
export async function forward(ground: Ground, seconds: number): Promise<SuiteReport> {
  const folder = mkdtempSync(join(tmpdir(), "pulse-bench-"));
  try {
    const file = join(folder, "pulse-forward.mjs");
    await bundleForwarder(file);
    const rows: Row[] = [];
    for (const transport of ["tcp", "udp"] as const) {
      ground.progress(`forwarding over ${transport}`);
      rows.push(await measure(file, join(folder, transport), transport, seconds));
    }
    const most = Math.max(...rows.map(({ figures }) => figures["MiB at most"] ?? Number.NaN));
    const bars = [{ what: "the agent's memory, MiB", measured: most, bound: { atMost: MAX_RSS_MIB } }];
    return { suite: "forward", setup: `the agent at ${LINES_PER_SECOND} lines/s for ${seconds} s`, rows, bars };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(file: string, spool: string, transport: "tcp" | "udp", seconds: number): Promise<Row> {
  const receiver = await openReceiver();
  const args = [`--${transport}`, `127.0.0.1:${PORT}`, "--to", receiver.url, "--spool", spool, "--status", "off"];
  const agent = spawn(process.execPath, [...NODE_OPTIONS, file, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  try {
    await saysThatItRuns(agent);
    const pid = agent.pid as number;
    const cpuBefore = cpuMsOf(pid) ?? Number.NaN;
    const { sent, perSecond } = await send(transport, seconds);
    await sleep(2_000);
    const cpuMs = (cpuMsOf(pid) ?? Number.NaN) - cpuBefore;
    const mebibytes = peakKib(pid) / 1024;
    await end(agent);
    const figures = {
      "lines/s sent": perSecond,
      "delivered %": (100 * receiver.lines()) / sent,
      "MiB at most": mebibytes,
      "CPU µs/line": (cpuMs * 1000) / sent,
    };
    return { what: transport, figures, over: sent };
  } finally {
    await end(agent);
    receiver.close();
  }
}

async function saysThatItRuns(agent: ChildProcess): Promise<void> {
  let said = "";
  for await (const chunk of agent.stderr?.iterator({ destroyOnReturn: false }) ?? []) {
    said += chunk;
    if (said.includes("the agent takes lines")) return void agent.stderr?.resume();
  }
  throw new Error(`the agent has ended: ${said}`);
}

async function end(agent: ChildProcess): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  agent.kill("SIGTERM");
  await once(agent, "exit");
}

/** The most memory that a process has had (Linux). */
const peakKib = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);

/** Takes whatever comes, and counts its lines. */
async function openReceiver() {
  let lines = 0;
  const server = createServer(async (request, response) => {
    const records = gunzipSync(await buffer(request))
      .toString()
      .trimEnd()
      .split("\n");
    lines += records.filter((record) => !record.includes('"receipt":')).length;
    response.end(`{"accepted":${records.length},"unparsed":0,"rejected":0,"items":[]}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, lines: () => lines, close: () => server.close() };
}

/** Sends the lines of so many seconds at the pace; answers how many, and how fast they really went. */
async function send(transport: "tcp" | "udp", seconds: number): Promise<{ sent: number; perSecond: number }> {
  const { put, close } = transport === "tcp" ? await openTcp() : openUdp();
  const total = LINES_PER_SECOND * seconds;
  const beganMs = performance.now();
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - beganMs) / 1000) * LINES_PER_SECOND));
    while (sent < due) put(lineOf(sent++));
    await sleep(TICK_MS);
  }
  await close();
  return { sent: total, perSecond: (total * 1000) / (performance.now() - beganMs) };
}

interface Sender {
  readonly put: (line: string) => unknown;
  readonly close: () => Promise<unknown>;
}

async function openTcp(): Promise<Sender> {
  const socket = connect(PORT, "127.0.0.1").resume();
  await once(socket, "connect");
  return { put: (line) => socket.write(`${line}\n`), close: () => once(socket.end(), "close") };
}

function openUdp(): Sender {
  const socket = createSocket("udp4");
  return { put: (line) => socket.send(line, PORT, "127.0.0.1"), close: () => once(socket.close(), "close") };
}

const lineOf = (index: number): string =>
  `<134>Nov 22 13:40:00 haproxy[1]: 10.0.${(index >> 8) & 255}.${index & 255}:${index & 65_535} [22/Nov/2026:13:40:00.123] shop cart/c${index % 7} 0/0/1/2/${index % 900} 200 ${index * 7} - - ---- 1/1/0/0/0 0/0 "GET /some/path/${index}?query=${index * 7919} HTTP/1.1"`;
